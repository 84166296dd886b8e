# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the alias that only one distribution in the world can have. PRIVATE to this collection."""

from __future__ import annotations

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.iam_errors import AccessDeniedError, ClientError
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings, Note
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.account import quotas
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.distribution import find

FREE_ALIAS = "take the alias off that distribution first, or write another name"


def distributions(context: Context) -> Findings:
    held, ours = find.distributions(context), find.distribution_or_none(context)
    summary = next((found for found in held if ours and found["Id"] == ours["Id"]), {})
    context.provide(distributions=held, own_distribution=summary)
    yield from ()


def alias(context: Context) -> Findings:
    name, ours = context.inputs["data_domain"], context.found["own_distribution"]
    if name in find.aliases(ours):
        return
    holders = [found["Id"] for found in context.found["distributions"] if name in find.aliases(found)]
    if holders:
        yield context.problem(
            "data_domain", f"distribution {join(holders)} of this account has that alias already", FREE_ALIAS
        )
    elif ours:
        yield from _elsewhere(context, name, ours["Id"])


def _elsewhere(context: Context, name: str, own_id: str) -> Findings:
    """CloudFront tells of other accounts only who has a distribution with a certificate for the name."""
    try:
        held = context.aws.pages(
            "cloudfront", "list_conflicting_aliases", "ConflictingAliasesList.Items", DistributionId=own_id, Alias=name
        )
    except (ClientError, AccessDeniedError) as error:
        yield Note(f"Whether another account has the alias {name} can't be known yet: {str(error).rstrip('.')}.")
        return
    for found in held:
        if found["Alias"] == name:
            where = f"distribution {found['DistributionId']} of account {found['AccountId']}"
            yield context.problem(
                "data_domain", f"{where} has that alias already (CloudFront hides a part of both numbers)", FREE_ALIAS
            )


def quota(context: Context) -> Findings:
    limit = quotas.limit(context, "cloudfront", "L-24B04930", 200, "us-east-1")
    counts = (len(context.found["distributions"]), int(not context.found["own_distribution"]))
    yield from quotas.judge(context, "data_domain", "distributions of CloudFront", counts, limit)


CHECKS = (
    Check(
        "The distributions of the account",
        distributions,
        needs=("account", "project", "data_domain"),
        provides=("distributions", "own_distribution"),
        option="data_domain",
        strict=False,
    ),
    Check("Who has the alias", alias, needs=("own_distribution", "data_domain"), option="data_domain", strict=False),
    Check(
        "The quota of distributions",
        quota,
        needs=("own_distribution",),
        option="data_domain",
        strict=False,
    ),
)
