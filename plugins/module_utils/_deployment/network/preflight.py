# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the VPC, its subnets, and of the instance that is to be put there. PRIVATE to this collection."""

from __future__ import annotations

from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import (
    Check,
    ClientError,
    Fault,
    Findings,
    Look,
    code,
    join,
)

# A load balancer wants that many free addresses in each of its subnets, to grow (Application Load Balancers User Guide,
# "Subnets for your load balancer").
FREE_ADDRESSES = 8


def vpc(look: Look) -> Findings:
    """The VPC"""
    wanted = look.known.get("network_vpc_id")
    filters = {"vpc-id": wanted} if wanted else {"is-default": "true"}
    found = look.call("ec2", "describe_vpcs", Filters=_filters(**filters))["Vpcs"]
    if found:
        look.learn(vpc=found[0]["VpcId"])
        look.facts["network"] = {"vpc_id": found[0]["VpcId"], "cidr_block": found[0]["CidrBlock"], "subnet_ids": []}
    elif wanted:
        wrong = f"there is no such VPC in {look.known['region']}"
        yield look.fault("network_vpc_id", wrong, "write the id of one, or leave it out for the default VPC")
    else:
        wrong = f"{look.known['region']} has no default VPC"
        yield look.fault("network_vpc_id", wrong, "write the id of the VPC to use")


def _filters(**wanted: str) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": [value]} for name, value in wanted.items()]


def subnets(look: Look) -> Findings:
    """The subnets"""
    named = look.known.get("network_subnet_ids") or []
    held = look.pages("ec2", "describe_subnets", "Subnets", Filters=_filters(**{"vpc-id": look.known["vpc"]}))
    by_id = {subnet["SubnetId"]: subnet for subnet in held}
    gone = [name for name in named if name not in by_id]
    public = _public(look, held)
    faults = [*_named_faults(look, named, gone, public)]
    # Of those that nobody named, the ones that give public addresses are meant for hosts that face the internet.
    candidates = [by_id[name] for name in named if name in by_id] or [
        subnet for subnet in held if subnet["SubnetId"] in public and subnet.get("MapPublicIpOnLaunch")
    ]
    chosen = named or _one_of_each_zone(candidates)
    if not faults and len({subnet["AvailabilityZone"] for subnet in candidates}) < 2:
        faults.append(_too_few(look, candidates))
    if not faults:
        look.learn(subnets=[by_id[name] for name in chosen])
        look.facts["network"]["subnet_ids"] = chosen
    yield from faults


def _named_faults(look: Look, named: list[str], gone: list[str], public: set[str]) -> Findings:
    if gone:
        wrong = f"{look.known['vpc']} has no subnet {join(gone, 'or')}"
        yield look.fault("network_subnet_ids", wrong, "write subnets of that VPC")
    private = [name for name in named if name not in public and name not in gone]
    if private:
        wrong = f"{join(private)} {'has' if len(private) == 1 else 'have'} no route to an internet gateway"
        yield look.fault("network_subnet_ids", wrong, "write public subnets, or add the route 0.0.0.0/0 to one")


def _too_few(look: Look, candidates: list[dict[str, Any]]) -> Fault:
    zones = join(sorted({subnet["AvailabilityZone"] for subnet in candidates}))
    found = f"only {join(subnet['SubnetId'] for subnet in candidates)} in {zones}" if candidates else "none"
    where = "those given are" if look.known.get("network_subnet_ids") else f"{look.known['vpc']} has"
    wrong = f"a load balancer needs public subnets in two availability zones, and {where} {found}"
    return look.fault("network_subnet_ids", wrong, "write at least two, each in a zone of its own")


def _one_of_each_zone(held: list[dict[str, Any]]) -> list[str]:
    """One subnet in each of the first two zones: the same ones on every run."""
    first: dict[str, str] = {}
    for subnet in sorted(held, key=lambda subnet: (subnet["AvailabilityZone"], subnet["SubnetId"])):
        first.setdefault(subnet["AvailabilityZone"], subnet["SubnetId"])
    return list(first.values())[:2]


def _public(look: Look, held: list[dict[str, Any]]) -> set[str]:
    """The subnets whose route table, their own or the VPC's main one, leads to an internet gateway."""
    tables = look.pages(
        "ec2", "describe_route_tables", "RouteTables", Filters=_filters(**{"vpc-id": look.known["vpc"]})
    )
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


def addresses(look: Look) -> Findings:
    """The free addresses of the subnets"""
    if _is_built(look):
        return
    full = [subnet for subnet in look.known["subnets"] if subnet.get("AvailableIpAddressCount", 0) < FREE_ADDRESSES]
    if full:
        counts = join(f"{subnet['AvailableIpAddressCount']} in {subnet['SubnetId']}" for subnet in full)
        wrong = f"a load balancer wants {FREE_ADDRESSES} free addresses in each subnet, and there are {counts}"
        yield look.fault("network_subnet_ids", wrong, "write larger subnets")


def _is_built(look: Look) -> bool:
    none = ["LoadBalancerNotFound", "LoadBalancerNotFoundException"]
    return look.unless(none, "elbv2", "describe_load_balancers", Names=[look.known["project"]]) is not None


def instance(look: Look) -> Findings:
    """The instance"""
    states = ["pending", "running", "stopping", "stopped"]
    filters = _filters(**{"tag:Project": look.known["project"], "tag:Name": look.known["project"]})
    filters.append({"Name": "instance-state-name", "Values": states})
    held = look.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    look.learn(instance_exists=bool(held))
    yield from ()


def instance_type(look: Look) -> Findings:
    """The instance type"""
    name = look.known["web_instance_type"]
    try:
        found = look.call("ec2", "describe_instance_types", InstanceTypes=[name])["InstanceTypes"][0]
    except ClientError as error:
        if code(error) not in ("InvalidInstanceType", "InvalidParameterValue"):
            raise
        wrong = f"EC2 has no such instance type in {look.known['region']}"
        yield look.fault("web_instance_type", wrong, "write one such as c6a.large")
        return
    look.learn(type_facts=found)
    yield from _offered(look, name)


def _offered(look: Look, name: str) -> Findings:
    """EC2 offers most types in some zones of a region only."""
    zones = [subnet["AvailabilityZone"] for subnet in look.known.get("subnets", [])][:1]
    wanted = _filters(**{"instance-type": name})
    place = {"LocationType": "availability-zone", "Filters": wanted}
    offered = {
        offer["Location"]
        for offer in look.pages("ec2", "describe_instance_type_offerings", "InstanceTypeOfferings", **place)
    }
    missing = [zone for zone in zones if zone not in offered]
    if missing:
        wrong = f"EC2 does not offer it in {missing[0]}, where the first subnet is, but in {join(sorted(offered))}"
        yield look.fault(
            "web_instance_type", wrong, "write another type, or put a subnet of such a zone first in network_subnet_ids"
        )


def image(look: Look) -> Findings:
    """The image"""
    owner, name = look.known["web_instance_image_owner"], look.known["web_instance_image_name"]
    filters = _filters(name=name, state="available")
    found = look.pages("ec2", "describe_images", "Images", Owners=[owner], Filters=filters)
    architectures = {image["Architecture"] for image in found}
    # An instance that is there keeps its image.
    if not found and not look.known["instance_exists"]:
        wrong = f"account {owner} has no image of that name in {look.known['region']}"
        yield look.fault("web_instance_image_name", wrong, "write the name pattern of one, or leave it out")
    facts = look.known.get("type_facts")
    supported = facts["ProcessorInfo"]["SupportedArchitectures"] if facts else []
    if found and facts and architectures.isdisjoint(supported):
        wrong = f"its processors are {join(supported)}, and the image {name} is for {join(sorted(architectures))}"
        yield look.fault("web_instance_type", wrong, "write a type of that architecture, such as c6a.large")


BUILT = ("usable_region", "project")
CHECKS = (
    Check(vpc, ("usable_region", "network"), "network_vpc_id"),
    Check(subnets, ("vpc",), "network_subnet_ids"),
    Check(addresses, ("subnets", "project"), "network_subnet_ids", strict=False),
    Check(instance, BUILT, "web_instance_type", strict=False),
    Check(instance_type, (*BUILT, "web_instance_type"), "web_instance_type"),
    Check(
        image,
        (*BUILT, "web_instance_image_name", "web_instance_image_owner", "instance_exists"),
        "web_instance_image_name",
    ),
)
