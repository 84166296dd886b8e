# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what public DNS says. PRIVATE to this collection."""

from __future__ import annotations

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings, Note, Problem
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns.public import (
    PublicDns,
    UnansweredError,
)


def _ask(context: Context) -> PublicDns:
    return PublicDns(context.inputs.get("dns_resolver", ""))


def _unanswered(context: Context, error: UnansweredError) -> Problem | Note:
    if context.inputs.get("dns_resolver"):
        return context.problem(
            "dns_resolver", str(error), "write the address of a DNS server that answers for public names"
        )
    return Note(f"Public DNS was not checked: {error}. To ask another server, set dns_resolver.")


def answers(context: Context) -> Findings:
    try:
        _ask(context).records(context.inputs["domain"].rpartition(".")[2], "SOA")
    except UnansweredError as error:
        yield _unanswered(context, error)
    else:
        context.provide(public_dns=_ask(context))


def delegation(context: Context) -> Findings:
    public, zone = context.found["public_dns"], context.inputs["hosted_zone"]
    told, wanted = set(public.name_servers(zone)), context.found["zone_name_servers"]
    if not told:
        wrong = "public DNS knows no name servers of that zone"
    elif told in context.found["zone_answers"]:
        yield from _cut_off(context, public)
        return
    else:
        wrong = (
            f"public DNS says that {join(sorted(told))} answer for it, and Route 53's zone of that name is on others"
        )
    yield context.problem(
        "hosted_zone", wrong, f"enter {join(wanted)} as its name servers at the registrar or in the parent zone"
    )


def _cut_off(context: Context, public: PublicDns) -> Findings:
    """Whether a zone of its own stands between the hosted zone and the domain: records in the first would be unseen."""
    zone, domain = context.inputs["hosted_zone"], context.inputs.get("domain", "")
    between = public.zone_of(domain) if domain else zone
    if between and between != zone and between.endswith(f".{zone}"):
        wrong = f"{between} is a zone of its own in public DNS, so that records for {domain} in {zone} are not seen"
        yield context.problem("hosted_zone", wrong, f"write {between}, if Route 53 holds it, or set dns to manual")


def zone_by_hand(context: Context) -> Findings:
    public, domain = context.found["public_dns"], context.inputs["domain"]
    zone = public.zone_of(domain)
    if not zone:
        yield context.problem(
            "domain", "public DNS knows no zone that holds it", "register the domain, or write one that exists"
        )
        return
    servers = join(public.name_servers(zone))
    yield Note(f"dns is manual: the run prints records, which you make in the zone {zone} (it is on {servers}).")


# One name that nobody answers for must not hide the other checks: a note is enough.
CHECKS = (
    Check("The DNS server", answers, needs=("domain",), provides=("public_dns",), option="dns_resolver"),
    Check(
        "The name servers of the zone",
        delegation,
        needs=("public_dns", "zone_name_servers"),
        option="hosted_zone",
        strict=False,
    ),
    Check(
        "The zone in which records are made by hand",
        zone_by_hand,
        needs=("public_dns", "dns_by_hand"),
        option="domain",
        strict=False,
    ),
)
