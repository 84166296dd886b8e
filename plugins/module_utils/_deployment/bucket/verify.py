# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data bucket and the one that carries files to the instance, by S3's own word and by knocking. PRIVATE."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks import http as web
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import Check, Sight, Wrong, from_preflight
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment import find as facts
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import preflight

STALE = datetime.timedelta(hours=1)
EVERYBODY = "http://acs.amazonaws.com/groups/global/"
Statement = dict[str, Any]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _of_data(look: Sight) -> Sight:
    """What preflight's checks need to know of the data bucket."""
    other = look.knowing(bucket_region=_region(look))
    other.facts["bucket"] = {}
    return other


def _region(look: Sight) -> str:
    told = look.call("s3", "get_bucket_location", Bucket=look.known["data_bucket"]).get("LocationConstraint")
    return {None: "us-east-1", "EU": "eu-west-1"}.get(told, told)


def block(look: Sight) -> Wrong:
    yield from from_preflight(preflight.public_access(_of_data(look)))


def encrypted(look: Sight) -> Wrong:
    yield from from_preflight(preflight.encryption(_of_data(look)))


def website(look: Sight) -> Wrong:
    yield from from_preflight(preflight.website(_of_data(look)))


def statements(look: Sight, bucket: str) -> list[Statement]:
    held = look.unless(["NoSuchBucketPolicy"], "s3", "get_bucket_policy", Bucket=bucket)
    return listed(json.loads(held["Policy"]).get("Statement", [])) if held else []


def granted(project: str, bucket: str, arn: str) -> dict[str, Statement]:
    """The two statements that the deployment adds to the bucket's policy, by their Sids."""
    allowed = {"s3:GetObject": f"arn:aws:s3:::{bucket}/*", "s3:ListBucket": f"arn:aws:s3:::{bucket}"}
    return {
        f"{project}-{action.partition(':')[2]}": {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": action,
            "Resource": resource,
            "Condition": {"StringEquals": {"AWS:SourceArn": arn}},
        }
        for action, resource in allowed.items()
    }


def plain(value: Any) -> Any:
    """One form of what a policy can say in several: single values for lists of one, the order of lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return plain(value[0]) if len(value) == 1 else sorted(map(str, value))
    return value


def differing(held: Iterable[Statement], wanted: dict[str, Statement]) -> Wrong:
    """Which of the wanted statements are not there, or not so."""
    found = {statement.get("Sid"): statement for statement in held}
    for sid, statement in wanted.items():
        if sid not in found:
            yield f"the statement {sid} is missing"
            continue
        here = {key: value for key, value in found[sid].items() if key != "Sid"}
        keys = [key for key in {**statement, **here} if plain(here.get(key)) != plain(statement.get(key))]
        if keys:
            told = join(f"{key} {json.dumps(here.get(key))}" for key in sorted(keys))
            yield f"the statement {sid} says {told}"


def ours(look: Sight) -> Wrong:
    bucket, arn = look.known["data_bucket"], facts.distribution(look)["ARN"]
    yield from differing(statements(look, bucket), granted(look.known["project"], bucket, arn))


def for_everybody(held: Iterable[Statement]) -> Wrong:
    """The statements that allow something to whoever asks."""
    for statement in held:
        principal = statement.get("Principal", {})
        names = listed(principal.get("AWS", [])) if isinstance(principal, dict) else [principal]
        open_to_all = "*" in names or "NotPrincipal" in statement
        if statement.get("Effect") == "Allow" and open_to_all and not statement.get("Condition"):
            allowed = join(listed(statement.get("Action", "something")))
            yield f"the statement {statement.get('Sid') or 'without a Sid'} allows everybody {allowed}"


def for_any_distribution(held: Iterable[Statement]) -> Wrong:
    """The statements that let CloudFront in for whoever made the distribution."""
    for statement in held:
        principal = statement.get("Principal")
        services = listed(principal.get("Service", [])) if isinstance(principal, dict) else []
        conditions = (statement.get("Condition") or {}).values()
        sources = {key.lower() for pairs in conditions for key in pairs} & {"aws:sourcearn", "aws:sourceaccount"}
        if statement.get("Effect") == "Allow" and "cloudfront.amazonaws.com" in services and not sources:
            yield f"the statement {statement.get('Sid') or 'without a Sid'} lets every distribution of the world read"


def others(look: Sight) -> Wrong:
    held = statements(look, look.known["data_bucket"])
    yield from for_everybody(held)
    yield from for_any_distribution(held)


def public_grants(grants: Iterable[dict[str, Any]]) -> Wrong:
    for grant in grants:
        group = grant["Grantee"].get("URI", "")
        if group.startswith(EVERYBODY):
            yield f"its access list gives {group.removeprefix(EVERYBODY)} {grant['Permission']}"


def access_list(look: Sight) -> Wrong:
    yield from public_grants(look.call("s3", "get_bucket_acl", Bucket=look.known["data_bucket"])["Grants"])


def addresses(endpoint: str, bucket: str) -> list[str]:
    """The ways to write a bucket's address: in the path, and as a name where that can be one."""
    scheme, _mark, host = endpoint.partition("://")
    named = [f"{scheme}://{bucket}.{host}"] if not host[0].isdigit() and "." not in bucket else []
    return [f"{endpoint}/{bucket}", *named]


def direct(look: Sight) -> Wrong:
    """What anybody gets from S3 itself."""
    endpoint = look.client("s3", region=_region(look)).meta.endpoint_url
    key = facts.an_object(look) or "bioviewers-verify"
    for address in addresses(endpoint, look.known["data_bucket"]):
        for path in ("?list-type=2&max-keys=1", key):
            status = web.ask(f"{address}/{path}", {"Range": "bytes=0-0"}).status
            if status != 403:
                yield f"{address}/{path} is answered with {status}"


def staging_private(look: Sight) -> Wrong:
    bucket = look.known["staging_bucket"]
    none = ["NoSuchPublicAccessBlockConfiguration"]
    held = look.unless(none, "s3", "get_public_access_block", Bucket=bucket) or {}
    settings = held.get("PublicAccessBlockConfiguration", {})
    off = [name for name in preflight.BLOCKS if not settings.get(name)]
    if off:
        yield f"its public access block has {join(off)} off"
    yield from for_everybody(statements(look, bucket))


def stale(objects: Iterable[dict[str, Any]], now: datetime.datetime) -> Wrong:
    old = [item["Key"] for item in objects if now - item["LastModified"] > STALE]
    if old:
        yield f"{len(old)} of its objects are older than an hour, such as {old[0]}"


def staging_empty(look: Sight) -> Wrong:
    held = look.call("s3", "list_objects_v2", Bucket=look.known["staging_bucket"])
    yield from stale(held.get("Contents", []), datetime.datetime.now(datetime.UTC))


CHECKS = (
    Check(
        "bucket-block",
        block,
        "All four settings of the public access block of {data_bucket} are on.",
        "S3's GetPublicAccessBlock",
        "Turn on all four settings of the bucket's public access block.",
    ),
    Check(
        "bucket-statements",
        ours,
        "The policy of {data_bucket} lets this distribution read and list, by exactly two statements.",
        "S3's GetBucketPolicy, compared by meaning",
        "Run site.yml: it puts both statements right and leaves the others alone.",
    ),
    Check(
        "bucket-others",
        others,
        "No statement of that policy allows everybody, or any distribution, without a condition.",
        "S3's GetBucketPolicy",
        "Take that statement out of the bucket's policy, or give it a condition.",
    ),
    Check(
        "bucket-acl",
        access_list,
        "The access control list of {data_bucket} gives nothing to everybody.",
        "S3's GetBucketAcl",
        "Set the bucket's Object Ownership to BucketOwnerEnforced, which switches access lists off.",
    ),
    Check(
        "bucket-website",
        website,
        "{data_bucket} hosts no website.",
        "S3's GetBucketWebsite",
        "Turn website hosting off; a website can't be kept private.",
    ),
    Check(
        "bucket-encryption",
        encrypted,
        "{data_bucket} is encrypted, with a key that CloudFront can be given.",
        "S3's GetBucketEncryption",
        "Encrypt with AES256 or a key of your own.",
    ),
    Check(
        "bucket-direct",
        direct,
        "S3 itself refuses whoever comes without credentials.",
        "Requests for one object and for the list, without credentials, in both styles of address",
        "Look at the bucket's policy, access list and public access block; the lines above name what is open.",
    ),
    Check(
        "staging-private",
        staging_private,
        "The bucket that carries files to the instance, {staging_bucket}, is private.",
        "S3's GetPublicAccessBlock and GetBucketPolicy",
        "Run site.yml: it closes the bucket again.",
    ),
    Check(
        "staging-empty",
        staging_empty,
        "Nothing is left lying in {staging_bucket}.",
        "S3's ListObjectsV2: nothing older than an hour",
        "Delete those objects; they are remains of runs that were interrupted, and S3 takes them away after a day.",
    ),
)
