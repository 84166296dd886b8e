# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The distribution. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context, required
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cloudfront_distribution import is_named

Described = dict[str, Any]


def distributions(context: Context) -> list[Described]:
    """A summary of each distribution of the account."""
    return context.aws.pages("cloudfront", "list_distributions", "DistributionList.Items")


def aliases(distribution: Described) -> list[str]:
    return distribution.get("Aliases", {}).get("Items") or []


def own_distributions(context: Context) -> Iterator[Described]:
    """Those of the deployment, as the module cloudfront_distribution knows its own: by caller reference, in no list."""
    domain = context.inputs.get("data_domain")
    for summary in sorted(distributions(context), key=lambda one: domain not in aliases(one)):
        # Lists go on for a while about what is gone.
        found = context.aws.call_or_none(["NoSuchDistribution"], "cloudfront", "get_distribution", Id=summary["Id"])
        if found and is_named(context.names["distribution"], found["Distribution"]["DistributionConfig"]):
            yield found["Distribution"]


def distribution_or_none(context: Context) -> Described | None:
    """With its configuration and ARN."""
    return next(own_distributions(context), None)


def distribution(context: Context) -> Described:
    return required(distribution_or_none(context), "distribution", "distribution")


def default_behavior(context: Context) -> Described:
    return distribution(context)["DistributionConfig"]["DefaultCacheBehavior"]
