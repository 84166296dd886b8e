# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of IGV's login: its address, and the people who are to sign in. PRIVATE to this collection."""

from __future__ import annotations

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.sts import SESSION_NAME
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import find as user_pools
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool.preflight import taken_prefix

ASKED = ("usable_region", "project")


def people(context: Context) -> Findings:
    odd = [address for address in context.inputs["allowed_emails"] if not SESSION_NAME.fullmatch(address)]
    if odd:
        wrong = f"AWS STS would refuse IGV's sign-in as {join(odd)}: letters, digits and + = , . @ _ - only, 64 at most"
        yield context.problem("allowed_emails", wrong, "write other addresses of these people")


def prefix(context: Context) -> Findings:
    yield from taken_prefix(context, "igv_user_pool_domain_prefix", context.names["igv"])


def user_pool(context: Context) -> Findings:
    name = context.names["user_pool"]
    if not user_pools.ids(context, name):
        wrong = f"there is no user pool {name} in {context.inputs['region']}"
        yield context.problem(
            "igv_shares_user_pool", wrong, "build the viewer first, with the playbook site, or take this out"
        )


CHECKS = (
    Check("The addresses", people, needs=("allowed_emails",), option="allowed_emails"),
    Check(
        "Who has the prefix of IGV's login",
        prefix,
        needs=(*ASKED, "igv_user_pool_domain_prefix", "own_user_pool"),
        option="igv_user_pool_domain_prefix",
    ),
    Check("The user pool of the viewer", user_pool, needs=(*ASKED, "shared_user_pool"), option="igv_shares_user_pool"),
)
