# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the VPC and its subnets. PRIVATE to this collection."""

from __future__ import annotations

from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.filters import filters
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings, Problem
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.load_balancer import find as load_balancer

# A load balancer wants that many free addresses in each of its subnets, to grow (Application Load Balancers User Guide,
# "Subnets for your load balancer").
FREE_ADDRESSES = 8


def vpc(context: Context) -> Findings:
    named = context.inputs.get("network_vpc_id")
    wanted = {"vpc-id": named} if named else {"is-default": "true"}
    found = context.aws.call("ec2", "describe_vpcs", Filters=filters(wanted))["Vpcs"]
    if found:
        context.provide(vpc={"vpc_id": found[0]["VpcId"], "cidr_block": found[0]["CidrBlock"], "subnet_ids": []})
    elif named:
        wrong = f"there is no such VPC in {context.inputs['region']}"
        yield context.problem("network_vpc_id", wrong, "write the id of one, or leave it out for the default VPC")
    else:
        wrong = f"{context.inputs['region']} has no default VPC"
        yield context.problem("network_vpc_id", wrong, "write the id of the VPC to use")


def subnets(context: Context) -> Findings:
    named = context.inputs.get("network_subnet_ids") or []
    held = context.aws.pages("ec2", "describe_subnets", "Subnets", Filters=_of_vpc(context))
    by_id = {subnet["SubnetId"]: subnet for subnet in held}
    gone = [name for name in named if name not in by_id]
    public = _public(context, held)
    faults = [*_named_faults(context, named, gone, public)]
    # Of those that nobody named, the ones that give public addresses are meant for hosts that face the internet.
    candidates = [by_id[name] for name in named if name in by_id] or [
        subnet for subnet in held if subnet["SubnetId"] in public and subnet.get("MapPublicIpOnLaunch")
    ]
    chosen = named or _one_of_each_zone(candidates)
    if not faults and len({subnet["AvailabilityZone"] for subnet in candidates}) < 2:
        faults.append(_too_few(context, candidates))
    if not faults:
        context.provide(subnets=[by_id[name] for name in chosen])
        context.found["vpc"]["subnet_ids"] = chosen
    yield from faults


def _named_faults(context: Context, named: list[str], gone: list[str], public: set[str]) -> Findings:
    if gone:
        wrong = f"{context.found['vpc']['vpc_id']} has no subnet {join(gone, 'or')}"
        yield context.problem("network_subnet_ids", wrong, "write subnets of that VPC")
    private = [name for name in named if name not in public and name not in gone]
    if private:
        wrong = f"{join(private)} {'has' if len(private) == 1 else 'have'} no route to an internet gateway"
        yield context.problem("network_subnet_ids", wrong, "write public subnets, or add the route 0.0.0.0/0 to one")


def _too_few(context: Context, candidates: list[dict[str, Any]]) -> Problem:
    zones = join(sorted({subnet["AvailabilityZone"] for subnet in candidates}))
    found = f"only {join(subnet['SubnetId'] for subnet in candidates)} in {zones}" if candidates else "none"
    where = "those given are" if context.inputs.get("network_subnet_ids") else f"{context.found['vpc']['vpc_id']} has"
    wrong = f"a load balancer needs public subnets in two availability zones, and {where} {found}"
    return context.problem("network_subnet_ids", wrong, "write at least two, each in a zone of its own")


def _one_of_each_zone(held: list[dict[str, Any]]) -> list[str]:
    """One subnet in each of the first two zones: the same ones on every run."""
    first: dict[str, str] = {}
    for subnet in sorted(held, key=lambda subnet: (subnet["AvailabilityZone"], subnet["SubnetId"])):
        first.setdefault(subnet["AvailabilityZone"], subnet["SubnetId"])
    return list(first.values())[:2]


def _of_vpc(context: Context) -> list[dict[str, Any]]:
    return filters({"vpc-id": context.found["vpc"]["vpc_id"]})


def _public(context: Context, held: list[dict[str, Any]]) -> set[str]:
    """The subnets whose route table, their own or the VPC's main one, leads to an internet gateway."""
    tables = context.aws.pages("ec2", "describe_route_tables", "RouteTables", Filters=_of_vpc(context))
    links = [(link, _leads_out(table)) for table in tables for link in table.get("Associations", [])]
    main = any(leads for link, leads in links if link.get("Main"))
    own = {link["SubnetId"]: leads for link, leads in links if link.get("SubnetId")}
    return {subnet["SubnetId"] for subnet in held if own.get(subnet["SubnetId"], main)}


def _leads_out(table: dict[str, Any]) -> bool:
    return any(
        route.get("DestinationCidrBlock") == "0.0.0.0/0"
        and route.get("GatewayId", "").startswith("igw-")
        and route.get("State", "active") == "active"
        for route in table.get("Routes", [])
    )


def addresses(context: Context) -> Findings:
    if load_balancer.load_balancer_or_none(context) is not None:  # which has its addresses
        return
    full = [subnet for subnet in context.found["subnets"] if subnet.get("AvailableIpAddressCount", 0) < FREE_ADDRESSES]
    if full:
        counts = join(f"{subnet['AvailableIpAddressCount']} in {subnet['SubnetId']}" for subnet in full)
        wrong = f"a load balancer wants {FREE_ADDRESSES} free addresses in each subnet, and there are {counts}"
        yield context.problem("network_subnet_ids", wrong, "write larger subnets")


CHECKS = (
    Check("The VPC", vpc, needs=("usable_region", "network"), provides=("vpc",), option="network_vpc_id"),
    Check("The subnets", subnets, needs=("vpc",), provides=("subnets",), option="network_subnet_ids"),
    Check(
        "The free addresses of the subnets",
        addresses,
        needs=("subnets", "project"),
        option="network_subnet_ids",
        strict=False,
    ),
)
