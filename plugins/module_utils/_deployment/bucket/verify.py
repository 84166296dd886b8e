# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data bucket and the one that carries files to the instance, by S3's own word and by knocking. PRIVATE."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.policy import Statement, as_list
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import http as web
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context, reasons_of
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import find, preflight

STALE = datetime.timedelta(hours=1)
EVERYBODY = "http://acs.amazonaws.com/groups/global/"


def _of_data(context: Context) -> Context:
    """What preflight's checks need to know of the data bucket."""
    return context.having(bucket={"region": find.region(context)}, account=context.inputs["aws_account_id"])


def block(context: Context) -> Reasons:
    yield from reasons_of(preflight.public_access(_of_data(context)))


def encrypted(context: Context) -> Reasons:
    yield from reasons_of(preflight.encryption(_of_data(context)))


def website(context: Context) -> Reasons:
    yield from reasons_of(preflight.website(_of_data(context)))


def for_everybody(held: Iterable[Statement]) -> Reasons:
    """The statements that allow something to whoever asks."""
    for statement in held:
        principal = statement.get("Principal", {})
        names = as_list(principal.get("AWS", [])) if isinstance(principal, dict) else [principal]
        open_to_all = "*" in names or "NotPrincipal" in statement
        if statement.get("Effect") == "Allow" and open_to_all and not statement.get("Condition"):
            allowed = join(as_list(statement.get("Action", "something")))
            yield f"the statement {statement.get('Sid') or 'without a Sid'} allows everybody {allowed}"


def for_any_distribution(held: Iterable[Statement]) -> Reasons:
    """The statements that let CloudFront in for whoever made the distribution."""
    for statement in held:
        principal = statement.get("Principal")
        services = as_list(principal.get("Service", [])) if isinstance(principal, dict) else []
        conditions = (statement.get("Condition") or {}).values()
        sources = {key.lower() for pairs in conditions for key in pairs} & {"aws:sourcearn", "aws:sourceaccount"}
        if statement.get("Effect") == "Allow" and "cloudfront.amazonaws.com" in services and not sources:
            yield f"the statement {statement.get('Sid') or 'without a Sid'} lets every distribution of the world read"


def others(context: Context) -> Reasons:
    held = find.statements(context, context.inputs["data_bucket"])
    yield from for_everybody(held)
    yield from for_any_distribution(held)


def public_grants(grants: Iterable[dict[str, Any]]) -> Reasons:
    for grant in grants:
        group = grant["Grantee"].get("URI", "")
        if group.startswith(EVERYBODY):
            yield f"its access list gives {group.removeprefix(EVERYBODY)} {grant['Permission']}"


def access_list(context: Context) -> Reasons:
    yield from public_grants(context.aws.call("s3", "get_bucket_acl", Bucket=context.inputs["data_bucket"])["Grants"])


def addresses(endpoint: str, bucket: str) -> list[str]:
    """The ways to write a bucket's address: in the path, and as a name where that can be one."""
    scheme, _mark, host = endpoint.partition("://")
    named = [f"{scheme}://{bucket}.{host}"] if not host[0].isdigit() and "." not in bucket else []
    return [f"{endpoint}/{bucket}", *named]


def direct(context: Context) -> Reasons:
    """What anybody gets from S3 itself."""
    endpoint = context.aws.client("s3", region=find.region(context)).meta.endpoint_url
    key = find.an_object(context) or "bioviewers-verify"
    for address in addresses(endpoint, context.inputs["data_bucket"]):
        for path in ("?list-type=2&max-keys=1", key):
            status = web.ask(f"{address}/{path}", {"Range": "bytes=0-0"}).status
            if status != 403:
                yield f"{address}/{path} is answered with {status}"


def staging_private(context: Context) -> Reasons:
    bucket = context.inputs["staging_bucket"]
    none = ["NoSuchPublicAccessBlockConfiguration"]
    held = context.aws.call_or_none(none, "s3", "get_public_access_block", Bucket=bucket) or {}
    settings = held.get("PublicAccessBlockConfiguration", {})
    off = [name for name in preflight.BLOCKS if not settings.get(name)]
    if off:
        yield f"its public access block has {join(off)} off"
    yield from for_everybody(find.statements(context, bucket))


def stale(objects: Iterable[dict[str, Any]], now: datetime.datetime) -> Reasons:
    old = [item["Key"] for item in objects if now - item["LastModified"] > STALE]
    if old:
        yield f"{len(old)} of its objects are older than an hour, such as {old[0]}"


def staging_empty(context: Context) -> Reasons:
    held = context.aws.call("s3", "list_objects_v2", Bucket=context.inputs["staging_bucket"])
    yield from stale(held.get("Contents", []), datetime.datetime.now(datetime.UTC))


PART = "The buckets"
CHECKS = (
    Check(
        "bucket-block",
        block,
        claim="All four settings of the public access block of {data_bucket} are on.",
        how="S3's GetPublicAccessBlock",
        todo="Turn on all four settings of the bucket's public access block.",
    ),
    Check(
        "bucket-others",
        others,
        claim="No statement of that policy allows everybody, or any distribution, without a condition.",
        how="S3's GetBucketPolicy",
        todo="Take that statement out of the bucket's policy, or give it a condition.",
    ),
    Check(
        "bucket-acl",
        access_list,
        claim="The access control list of {data_bucket} gives nothing to everybody.",
        how="S3's GetBucketAcl",
        todo="Set the bucket's Object Ownership to BucketOwnerEnforced, which switches access lists off.",
    ),
    Check(
        "bucket-website",
        website,
        claim="{data_bucket} hosts no website.",
        how="S3's GetBucketWebsite",
        todo="Turn website hosting off; a website can't be kept private.",
    ),
    Check(
        "bucket-encryption",
        encrypted,
        claim="{data_bucket} is encrypted, with a key that CloudFront can be given.",
        how="S3's GetBucketEncryption",
        todo="Encrypt with AES256 or a key of your own.",
    ),
    Check(
        "bucket-direct",
        direct,
        claim="S3 itself refuses whoever comes without credentials.",
        how="Requests for one object and for the list, without credentials, in both styles of address",
        todo="Look at the bucket's policy, access list and public access block; the lines above name what is open.",
    ),
    Check(
        "staging-private",
        staging_private,
        claim="The bucket that carries files to the instance, {staging_bucket}, is private.",
        how="S3's GetPublicAccessBlock and GetBucketPolicy",
        todo="Run site.yml: it closes the bucket again.",
    ),
    Check(
        "staging-empty",
        staging_empty,
        claim="Nothing is left lying in {staging_bucket}.",
        how="S3's ListObjectsV2: nothing older than an hour",
        todo=(
            "Delete those objects; they are remains of runs that were interrupted, and S3 takes them away after a day."
        ),
    ),
)
