# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the credentials, the account and its region. PRIVATE to this collection."""

from __future__ import annotations

import datetime
import os

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.iam_errors import (
    AccessDeniedError,
    BotoCoreError,
    ClientError,
    error_code,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings, Note, Problem

try:
    import botocore.session
except ImportError:
    botocore = None  # AnsibleAWSModule says what is missing

LONGEST_RUN = 45  # minutes, with all that AWS can take
LOG_IN = "log in again (`aws sso login`, `aws configure`) or name the right profile in AWS_PROFILE"
# What a person should read for what AWS or boto3 says of credentials.
REFUSALS = {
    "ExpiredToken": "the AWS credentials have expired",
    "ExpiredTokenException": "the AWS credentials have expired",
    "InvalidClientTokenId": "AWS knows no such access key",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key",
    "NoCredentialsError": "there are no AWS credentials",
    "PartialCredentialsError": "the AWS credentials are incomplete",
    "SSOTokenLoadError": "the AWS login has not been made on this machine",
    "TokenRetrievalError": "the AWS login has expired",
    "UnauthorizedSSOTokenError": "the AWS login has expired",
    "UnauthorizedException": "the AWS login has expired",
    "LoginRefreshRequired": "the login of `aws login` has expired",
    "LoginTokenLoadError": "the login of `aws login` has not been made on this machine",
}
CODE = "the profile {} asks for an MFA code (mfa_serial), which each task of a run would need anew"
CODE_GIVEN = (
    'give the code once, with `eval "$(aws configure export-credentials --profile {} --format env)"`, and then'
    " `unset AWS_PROFILE`"
)


def _refusal(error: Exception) -> Problem:
    known = REFUSALS.get(error_code(error)) or REFUSALS.get(type(error).__name__)
    if known:
        return Problem("", "", f"{known}, so nothing in AWS was checked", LOG_IN)
    said = str(error).strip(" .:") or type(error).__name__
    return Problem("", "", f"AWS could not be asked who we are: {said}", "check the network and " + LOG_IN)


def _asks_for_code(profile: str) -> bool:
    """Whether a profile, or one that it takes its credentials from, names an MFA device."""
    held = botocore.session.Session().full_config["profiles"]
    seen: list[str] = []
    while profile in held and profile not in seen:
        if "mfa_serial" in held[profile]:
            return True
        seen.append(profile)
        profile = held[profile].get("source_profile", "")
    return False


def _end(given: str) -> Findings:
    """Of credentials that came with their end; those of a profile are renewed as far as its login allows."""
    try:
        left = datetime.datetime.fromisoformat(given) - datetime.datetime.now(datetime.UTC)
    except (TypeError, ValueError):  # whatever stands there, AWS decides
        return
    minutes = max(0, round(left.total_seconds() / 60))
    if minutes < LONGEST_RUN:
        yield Note(f"The AWS credentials end in {minutes} minutes; a first run takes up to {LONGEST_RUN}.")


def caller(context: Context) -> Findings:
    profile = context.inputs.get("profile", "")
    try:
        if _asks_for_code(profile):
            yield Problem("", "", CODE.format(profile), CODE_GIVEN.format(profile))
            return
        # In a region that the account has not switched on, valid credentials look invalid.
        identity = context.aws.call("sts", "get_caller_identity", region="us-east-1")
    except (BotoCoreError, ClientError, AccessDeniedError) as error:
        yield _refusal(error)
        return
    arn, account = identity["Arn"], identity["Account"]
    partition = arn.split(":")[1]
    if partition != "aws":
        wrong = f"these credentials are of the partition {partition}; AWS GovCloud and AWS China are not supported"
        yield Problem("", "", wrong, "use an account of the partition aws")
    elif context.inputs.get("aws_account_id", account) != account:
        wrong = f"these credentials are of account {account} ({arn}), so nothing else in AWS was checked"
        yield context.problem(
            "aws_account_id", wrong, f"use credentials of that account (AWS_PROFILE), or write '{account}'"
        )
    else:
        context.provide(account=account)
        if not profile:
            yield from _end(os.environ.get("AWS_CREDENTIAL_EXPIRATION", ""))


def region(context: Context) -> Findings:
    name = context.inputs["region"]
    context.provide(usable_region=name)
    regions = context.aws.call("ec2", "describe_regions", region="us-east-1", AllRegions=True)["Regions"]
    status = {found["RegionName"]: found.get("OptInStatus") for found in regions}.get(name)
    if status is None or status == "not-opted-in":
        wrong = "this account has not switched that region on" if status else "AWS has no such region"
        del context.found["usable_region"]
        yield context.problem("aws_region", wrong, "enable it in the account's settings, or write another region")


def boundary(context: Context) -> Findings:
    arn = context.inputs["iam_permissions_boundary"]
    if context.aws.call_or_none(["NoSuchEntity"], "iam", "get_policy", PolicyArn=arn) is None:
        yield context.problem(
            "iam_permissions_boundary", "there is no such policy", "write the ARN of one, or leave it out"
        )


CHECKS = (
    Check("The credentials", caller, needs=(), provides=("account",), option="aws_account_id"),
    Check(
        "The permissions boundary",
        boundary,
        needs=("account", "iam_permissions_boundary"),
        option="iam_permissions_boundary",
        strict=False,
    ),
    Check(
        "The region",
        region,
        needs=("account", "region"),
        provides=("usable_region",),
        option="aws_region",
        strict=False,
    ),
)
