# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of who may issue certificates for the domain. PRIVATE to this collection."""

from __future__ import annotations

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns import find as dns
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns.public import climbing

# ACM User Guide, "(Optional) Configure a CAA record".
AMAZON = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")


def authorities(context: Context) -> Findings:
    public, domain = context.found["public_dns"], context.inputs["domain"]
    # RFC 8659, 3: the records of the closest name that has any, climbing to the top.
    names = (*climbing(domain), domain.rpartition(".")[2])
    where, records = next(((name, found) for name in names if (found := public.records(name, "CAA"))), ("", []))
    for what, tag in (("certificates for it", "issue"), ("certificates for every name below it", "issuewild")):
        allowed = allowed_by(records, tag)
        if allowed is not None and allowed.isdisjoint(AMAZON):
            who = f"only {join(sorted(allowed))}" if allowed else "nobody"
            wrong = (
                f"the CAA records of {where} let {who} issue {what}, and ACM would never issue the one that is needed"
            )
            yield context.problem("domain", wrong, f'add the CAA record 0 {tag} "amazon.com" to {where}')


def allowed_by(records: list[dns.rdtypes.ANY.CAA.CAA], tag: str) -> set[str] | None:
    """Who may issue; None for everybody. Without issuewild, issue speaks of wildcards too (RFC 8659, 4.3)."""
    pairs = [(record.tag.decode().lower(), record.value.decode()) for record in records]
    tags = {name for name, _other in pairs}
    decisive = tag if tag in tags else "issue"
    if decisive not in tags:
        return None
    names = {value.partition(";")[0].strip().lower() for name, value in pairs if name == decisive}
    return names - {""}


CHECKS = (Check("The CAA records of the domain", authorities, needs=("public_dns",), option="domain", strict=False),)
