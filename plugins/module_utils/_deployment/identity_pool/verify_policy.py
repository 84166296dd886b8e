# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the users of IGV may read, and its buckets. PRIVATE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.iam_errors import AccessDeniedError
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.policy import Statement, as_list, document_statements
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context, Skipped, reasons_of
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.identity_pool import find, preflight
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.identity_pool.verify import RUN, policies


def allowed(held: list[Statement]) -> Iterator[tuple[str, str, Statement]]:
    for one in held:
        for action in as_list(one.get("Action")) if one["Effect"] == "Allow" else []:
            for resource in as_list(one.get("Resource")):
                yield action, resource, one


def wanted(known: Mapping[str, Any]) -> set[tuple[str, str]]:
    """What may be done, by action and resource."""
    found = {("s3:ListAllMyBuckets", "*")} if known["list_all_buckets"] else set()
    for entry in known["buckets"]:
        arn = f"arn:aws:s3:::{entry['name']}"
        found |= {("s3:ListBucket", arn)}
        found |= {("s3:GetObject", f"{arn}/{folder}*") for folder in entry.get("prefixes") or [""]}
        found |= {("kms:Decrypt", entry["kms_key_arn"])} if entry.get("kms_key_arn") else set()
    return found


def listings(entry: Mapping[str, Any]) -> set[str]:
    """What may be listed of a bucket of which only folders are to be read: these, and the way to them if wanted."""
    found = {f"{folder}*" for folder in entry["prefixes"]}
    for folder in entry["prefixes"] if entry.get("browsable") else []:
        parts = folder.split("/")[:-2]
        found |= {"".join(f"{part}/" for part in parts[:depth]) for depth in range(len(parts) + 1)}
    return found


def open_listings(held: list[Statement], buckets: list[dict[str, Any]]) -> Reasons:
    for entry in [one for one in buckets if one.get("prefixes")]:
        for action, resource, one in allowed(held):
            if action == "s3:ListBucket" and resource.endswith(f":{entry['name']}"):
                asked = as_list(one.get("Condition", {}).get("StringLike", {}).get("s3:prefix"))
                if not asked or set(asked) - listings(entry):
                    yield f"it lists {join(asked) if asked else 'all'} of {entry['name']}"


def policy_faults(held: list[Statement], known: Mapping[str, Any]) -> Reasons:
    may = {(action, resource) for action, resource, _one in allowed(held)}
    for action, resource in sorted(may - wanted(known)):
        yield f"it allows {action} on {resource}"
    for action, resource in sorted(wanted(known) - may):
        yield f"it does not allow {action} on {resource}"
    yield from open_listings(held, known["buckets"])
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    if not any(one["Effect"] == "Deny" and one.get("Condition") == plain for one in held):
        yield "it does not deny plain HTTP"


def policy(context: Context) -> Reasons:
    name = find.reader_role(context)["RoleName"]
    surplus = sorted(set(policies(context, name)) - {"policy read", "rights"})
    if surplus:
        yield f"it has the {join(surplus)} too"
    held = context.aws.call_or_none(["NoSuchEntity"], "iam", "get_role_policy", RoleName=name, PolicyName="read")
    if held is None:
        yield "it may read nothing"
    else:
        yield from policy_faults(document_statements(held["PolicyDocument"]), context.inputs)


def buckets(context: Context) -> Reasons:
    having_account = context.having(account=context.inputs["aws_account_id"])
    for entry in context.inputs["buckets"]:
        for reason in reasons_of(preflight.bucket(having_account, entry)):
            yield f"{entry['name']}: {reason}"


def private(context: Context) -> Reasons:
    silent = []
    for entry in context.inputs["buckets"]:
        try:
            held = (
                context.aws.call_or_none(["NoSuchBucketPolicy"], "s3", "get_bucket_policy_status", Bucket=entry["name"])
                or {}
            )
        except AccessDeniedError:
            silent.append(entry["name"])
            continue
        if held.get("PolicyStatus", {}).get("IsPublic"):
            yield f"the policy of {entry['name']} makes it public"
    if silent:
        raise Skipped(f"S3 tells these credentials nothing of {join(silent)}, which may be of another account")


PART = "What that may read"
CHECKS = (
    Check(
        "igv-policy",
        policy,
        claim=(
            "The role {names[reader_role]} reads what the inventory says, never without TLS, and can do nothing else."
        ),
        how="The role's policies",
        todo=RUN,
        needs=("igv-trust",),
    ),
    Check(
        "igv-buckets",
        buckets,
        claim="The buckets are there, in {region}.",
        how="S3's HeadBucket",
        todo="Correct igv_buckets, and run igv/site.yml.",
    ),
    Check(
        "igv-buckets-private",
        private,
        claim="No bucket is made public by its policy.",
        how="S3's GetBucketPolicyStatus",
        todo="Take out the statements that allow everybody.",
        needs=("igv-buckets",),
    ),
)
