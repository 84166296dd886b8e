# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The quotas of public keys and key groups. PRIVATE to this collection."""

from __future__ import annotations

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.account import quotas
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.signing_keys import find


def public_keys(context: Context) -> Findings:
    held, labels = find.all_public_keys(context), context.inputs["signing_keys"]
    wanted = sum(not any(find.has_label(context, key, label) for key in held) for label in labels)
    # CloudFront API Reference, "CreatePublicKey"; the quota has no code in Service Quotas.
    limit = (10, "the default; CloudFront does not tell yours")
    yield from quotas.judge(context, "signing_keys", "public keys of CloudFront", (len(held), wanted), limit)


def key_groups(context: Context) -> Findings:
    names = [group["KeyGroupConfig"]["Name"] for group in find.key_groups(context)]
    limit = quotas.limit(context, "cloudfront", "L-D64DA6E2", 10, "us-east-1")
    counts = (len(names), int(context.names["key_group"] not in names))
    yield from quotas.judge(context, "signing_keys", "key groups of CloudFront", counts, limit)


CHECKS = (
    Check(
        "The quota of public keys",
        public_keys,
        needs=("account", "project", "signing_keys"),
        option="signing_keys",
        strict=False,
    ),
    Check(
        "The quota of key groups",
        key_groups,
        needs=("account", "project", "signing_keys"),
        option="signing_keys",
        strict=False,
    ),
)
