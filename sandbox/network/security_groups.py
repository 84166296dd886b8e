"""Applies the API's load balancers and security groups to the sandbox's network."""

from __future__ import annotations

import os
import pathlib
import subprocess
import threading
import urllib.parse
from collections import defaultdict
from typing import Any

from sandbox.compute import containers, hosts, instances, load_balancers
from sandbox.network import packet_filter

# By container, the security groups it is in.
Groups = dict[str, list[str]]
_lock = threading.Lock()


def package_ports() -> list[int]:
    """The ports of the proxies and package indexes in the hosts' environment."""
    values = [os.environ.get(name, "") for name in hosts.PASSED_ON]
    # "no proxy" is a list of names, a trusted host has no scheme.
    addresses = (urllib.parse.urlsplit(word) for value in values for word in value.split() if "://" in word)
    return sorted({address.port for address in addresses if address.port})


def _all(service: str, operation: str, path: str) -> list[Any]:
    return [*instances.moto_client(service).get_paginator(operation).paginate().search(path)]


def _groups_by_host() -> Groups:
    found = _all("ec2", "describe_instances", "Reservations[].Instances[]")
    return {each["InstanceId"]: [group["GroupId"] for group in each["SecurityGroups"]] for each in found}


def _groups_by_load_balancer() -> dict[str, list[str]]:
    """By the load balancer's ARN."""
    found = _all("elbv2", "describe_load_balancers", "LoadBalancers[]")
    return {each["LoadBalancerArn"]: each.get("SecurityGroups", []) for each in found}


def _load(namespace: pathlib.Path, rules: str) -> None:
    command = ["nsenter", f"--net={namespace}", "nft", "--file", "-"]
    done = subprocess.run(command, input=rules, capture_output=True, text=True, check=False)
    # The container may have gone in the meantime.
    if done.returncode and namespace.exists():
        raise RuntimeError(f"The packet filter was refused: {done.stderr.strip()}\n{rules}")


def _filter(groups_of: Groups) -> None:
    groups = {each["GroupId"]: each for each in _all("ec2", "describe_security_groups", "SecurityGroups[]")}
    found = containers.interfaces(*hosts.names(), *containers.names(load_balancers.KIND))
    members = defaultdict(set)
    for name, interface in found.items():
        for group in groups_of.get(name, ()):
            members[group].add(interface.address)
    ports = package_ports()
    for name, interface in found.items():
        _load(interface.namespace, packet_filter.of_groups(groups_of.get(name, ()), groups, members, ports))


def sync() -> None:
    """Bring the load balancers' interfaces and all packet filters up to date with the API."""
    with _lock:
        by_load_balancer = _groups_by_load_balancer()
        load_balancers.sync(by_load_balancer)
        named = {load_balancers.name_of(arn): groups for arn, groups in by_load_balancer.items()}
        _filter({**_groups_by_host(), **named})
