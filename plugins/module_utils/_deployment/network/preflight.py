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
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.instance import find as instance
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.load_balancer import find as load_balancer

# A load balancer wants that many free addresses in each of its subnets, to grow (Application Load Balancers User Guide,
# "Subnets for your load balancer").
FREE_ADDRESSES = 8
# Where a route can lead (EC2 API Reference, "Route").
GATEWAYS = ("GatewayId", "NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "InstanceId", "CoreNetworkArn")


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
    ways = _ways_out(context, held)
    public = {name for name, way in ways.items() if way.startswith("igw-")}
    faults = [*_named_faults(context, named, gone, public)]
    candidates = [by_id[name] for name in named if name in by_id] or _meant_for_hosts(context, held, public)
    own = by_id.get(context.inputs.get("network_instance_subnet_id", ""))
    chosen = named or _one_of_each_zone(candidates, _zones_for_the_instance(context, own))
    if not faults and len({subnet["AvailabilityZone"] for subnet in candidates}) < 2:
        faults.append(_too_few(context, candidates))
    if not faults:
        context.provide(subnets=[by_id[name] for name in chosen], all_subnets=by_id, ways_out=ways)
        context.found["vpc"]["subnet_ids"] = chosen
    yield from faults


def _meant_for_hosts(context: Context, held: list[dict[str, Any]], public: set[str]) -> list[dict[str, Any]]:
    """Of those that nobody named: they give public addresses. Not in a Local Zone and not on an Outpost, which have few
    instance types, and which a load balancer does not mix with others (ELB API Reference, "CreateLoadBalancer").
    """
    only = filters({"zone-type": "availability-zone"})
    listed = context.aws.call("ec2", "describe_availability_zones", Filters=only)["AvailabilityZones"]
    zones = {zone["ZoneName"] for zone in listed}
    return [
        subnet
        for subnet in held
        if subnet["SubnetId"] in public
        and subnet.get("MapPublicIpOnLaunch")
        and subnet["AvailabilityZone"] in zones
        and not subnet.get("OutpostArn")
    ]


def _zones_for_the_instance(context: Context, own: dict[str, Any] | None) -> set[str]:
    if own:
        return {own["AvailabilityZone"]}
    wanted = context.inputs.get("web_instance_type")
    return instance.zones_with_type(context, wanted) if wanted else set()


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


def _one_of_each_zone(held: list[dict[str, Any]], liked: set[str]) -> list[str]:
    """One subnet in each of two zones: the same ones on every run, and first one in a zone that is liked."""
    first: dict[str, str] = {}
    for subnet in sorted(held, key=lambda subnet: (subnet["AvailabilityZone"], subnet["SubnetId"])):
        first.setdefault(subnet["AvailabilityZone"], subnet["SubnetId"])
    zones = sorted(first, key=lambda zone: zone not in liked)
    return [first[zone] for zone in zones[:2]]


def _of_vpc(context: Context) -> list[dict[str, Any]]:
    return filters({"vpc-id": context.found["vpc"]["vpc_id"]})


def _ways_out(context: Context, held: list[dict[str, Any]]) -> dict[str, str]:
    """What the default route of each subnet leads to, by its own route table or the VPC's main one; empty for none."""
    tables = context.aws.pages("ec2", "describe_route_tables", "RouteTables", Filters=_of_vpc(context))
    links = [(link, _way_out(table)) for table in tables for link in table.get("Associations", [])]
    main = next((way for link, way in links if link.get("Main")), "")
    own = {link["SubnetId"]: way for link, way in links if link.get("SubnetId")}
    return {subnet["SubnetId"]: own.get(subnet["SubnetId"], main) for subnet in held}


def _way_out(table: dict[str, Any]) -> str:
    for route in table.get("Routes", []):
        if route.get("DestinationCidrBlock") == "0.0.0.0/0" and route.get("State", "active") == "active":
            return next((route[key] for key in GATEWAYS if route.get(key)), "")
    return ""


def instance_subnet(context: Context) -> Findings:
    wanted, subnets = context.inputs.get("network_instance_subnet_id", ""), context.found["subnets"]
    found = context.found["all_subnets"].get(wanted) if wanted else subnets[0]
    zones = sorted({subnet["AvailabilityZone"] for subnet in subnets})
    if found is None:
        wrong, instead = f"{context.found['vpc']['vpc_id']} has no such subnet", "write a subnet of that VPC"
    elif not context.found["ways_out"][found["SubnetId"]]:
        wrong = "it has no way out, which the instance needs to reach AWS and the package sources"
        instead = "add the route 0.0.0.0/0 to a NAT gateway, or write a subnet that has one"
    elif found["AvailabilityZone"] not in zones:
        # Elastic Load Balancing sends nothing to a zone in which the load balancer has no subnet.
        wrong = f"it is in {found['AvailabilityZone']}, and the load balancer's subnets are in {join(zones)}"
        instead = f"write one in {join(zones, 'or')}, or public subnets of its zone and another in network_subnet_ids"
    else:
        context.provide(instance_subnet=found)
        context.found["vpc"]["instance_subnet_id"] = found["SubnetId"]
        return
    yield context.problem("network_instance_subnet_id", wrong, instead)


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
    Check(
        "The subnets",
        subnets,
        needs=("vpc",),
        provides=("subnets", "all_subnets", "ways_out"),
        option="network_subnet_ids",
    ),
    Check(
        "The subnet of the instance",
        instance_subnet,
        needs=("subnets",),
        provides=("instance_subnet",),
        option="network_instance_subnet_id",
    ),
    Check(
        "The free addresses of the subnets",
        addresses,
        needs=("subnets", "project"),
        option="network_subnet_ids",
        strict=False,
    ),
)
