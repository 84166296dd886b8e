# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what the bucket's policy denies the distribution. PRIVATE to this collection."""

from __future__ import annotations

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.policy import Statement
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings, Note
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import denials
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import find as bucket

SERVICE = "cloudfront.amazonaws.com"
# What no request of CloudFront carries, since no role or user of an account sends it.
ABSENT = (
    "aws:(principal(arn|account|orgid|orgpaths|tag/.*)|source(ip|vpc|vpce|vpcarn|identity)|vpcsourceip|userid|username"
    "|multifactorauth.*|tokenissuetime|federatedprovider|ec2instancesource.*|calledvia.*|assumedroot)"
)
FENCE = 'add "Bool": {"aws:PrincipalIsAWSService": "false"} to its condition'
MEANT = "have who wrote it except this deployment's distribution, or write another bucket"


def denied(context: Context) -> Findings:
    reader = cloudfront(context)
    for statement in bucket.statements(context, context.inputs["data_bucket"]):
        name = statement.get("Sid") or "one without a Sid"
        match denials.denied(statement, context.inputs["data_bucket"], reader):
            case denials.ALL:
                wrong = f"its policy denies CloudFront to read it (statement {name})"
                yield context.problem("data_bucket", wrong, MEANT if _is_for_services(statement) else FENCE)
            case denials.SOME:
                yield Note(
                    f"The policy of the bucket denies CloudFront some of its objects (statement {name}); the viewer"
                    " can't show those."
                )
            case denials.UNKNOWN:
                yield Note(
                    "Whether the policy of the bucket denies CloudFront something can't be told beforehand (statement"
                    f" {name}, which goes by {join(denials.keys(statement))}). Where the viewer gets 403, look there."
                )


def _is_for_services(statement: Statement) -> bool:
    principal = statement.get("Principal")
    by_source = {"aws:sourcearn", "aws:sourceaccount"} & {key.lower() for key in denials.keys(statement)}
    return bool(by_source) or (isinstance(principal, dict) and "Service" in principal)


def cloudfront(context: Context) -> denials.Reader:
    """CloudFront as it reads the bucket, for the distribution that there is or will be (CloudFront Developer Guide,
    "Restrict access to an Amazon S3 origin").
    """
    account = context.found["account"]
    values = {
        "aws:securetransport": "true",
        "aws:principalisawsservice": "true",
        "aws:viaawsservice": "false",
        "aws:principalservicename": SERVICE,
        "aws:principalservicenameslist": SERVICE,
        "aws:sourceaccount": account,
        "aws:resourceaccount": account,
        "s3:resourceaccount": account,
        "aws:requestedregion": context.found["bucket"]["region"],
        "s3:authtype": "rest-header",
        "s3:signatureversion": "aws4-hmac-sha256",
        "s3:tlsversion": "1.2",
    }
    if context.knows("own_distribution"):
        own = context.found["own_distribution"].get("Id", "new").lower()
        values["aws:sourcearn"] = f"arn:aws:cloudfront::{account}:distribution/{own}"
    return denials.Reader(frozenset({SERVICE}), values, ABSENT)


CHECKS = (
    Check(
        "What the policy of the bucket denies",
        denied,
        needs=("account", "data_bucket", "bucket"),
        option="data_bucket",
    ),
)
