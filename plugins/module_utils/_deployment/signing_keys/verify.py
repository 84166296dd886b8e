# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys that CloudFront trusts, beside those in Parameter Store. PRIVATE."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.signing_keys import find


def same_keys(held: Mapping[str, str], halves: Mapping[str, str | None]) -> Reasons:
    """The keys of the key group beside the public halves in Parameter Store, by their labels."""
    for label, half in halves.items():
        if half is None:
            yield f"Parameter Store has no public half of {label}"
        elif half not in held.values():
            yield f"the key of {label} is not in the key group"
    surplus = [key for key, text in held.items() if text not in halves.values()]
    if surplus:
        yield f"the key group trusts {join(surplus)}, which is none of signing_keys"


def group_keys(context: Context) -> Reasons:
    halves = {label: find.public_key(context, label) for label in context.inputs["signing_keys"]}
    yield from same_keys(find.trusted_keys(context), halves)


PART = "The signing keys"
CHECKS = (
    Check(
        "key-group",
        group_keys,
        claim="The key group trusts the keys of signing_keys, and no other.",
        how="CloudFront's public keys compared with the public halves in Parameter Store, {signing_key_path}",
        todo="Run site.yml: it makes the key group anew from Parameter Store.",
    ),
)
