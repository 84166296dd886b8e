"""What the sandbox lets a role do: what a request is about, how policies are read, how a refusal looks."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import urllib.parse

import httpx
import pytest
from starlette.responses import PlainTextResponse

from sandbox import settings
from sandbox.api import forwarding, gateway
from sandbox.iam import authorization, error_response, playbook_roles, request_context
from sandbox.process import http_server
from tests.unit.sandbox.boto_error import boto_error
from tools import iam_policies

ACCOUNT = "123456789012"
POOL = f"arn:aws:cognito-idp:eu-west-1:{ACCOUNT}:userpool/eu-west-1_A"
EC2 = f"arn:aws:ec2:eu-west-1:{ACCOUNT}"
LB = f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}"
SSM = f"arn:aws:ssm:eu-west-1:{ACCOUNT}"


def request(call: str, target: str = "/", body: str = "") -> request_context.RequestContext:
    service, operation = call.split(":")
    form = f"Action={operation}&{body}" if body and not body.startswith(("{", "<")) else body
    return request_context.parse(service, operation, "eu-west-1", urllib.parse.urlsplit(target), form.encode())


@pytest.mark.parametrize(
    ("call", "target", "body", "expected"),
    [
        ("acm:ListCertificates", "/", "{}", ["*"]),
        ("acm:DescribeCertificate", "/", '{"CertificateArn": "arn:x"}', ["arn:x"]),
        ("cloudfront:CreateDistribution", "/2020-05-31/distribution", "<x/>", ["*"]),
        ("cloudfront:TagResource", "/2020-05-31/tagging?Resource=arn%3Ax", "<x/>", ["arn:x"]),
        (
            "cloudfront:UpdateDistribution",
            "/2020-05-31/distribution/E1/config",
            "<x/>",
            [f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1"],
        ),
        ("cognito-identity:SetIdentityPoolRoles", "/", '{"IdentityPoolId": "eu-west-1:a"}', ["*"]),
        (
            "cognito-identity:DescribeIdentityPool",
            "/",
            '{"IdentityPoolId": "eu-west-1:a"}',
            [f"arn:aws:cognito-identity:eu-west-1:{ACCOUNT}:identitypool/eu-west-1:a"],
        ),
        ("cognito-idp:ListUserPools", "/", '{"MaxResults": 60}', ["*"]),
        ("cognito-idp:ListUsers", "/", '{"UserPoolId": "eu-west-1_A"}', [POOL]),
        ("ec2:DescribeInstances", "/", "InstanceId.1=i-1", ["*"]),
        (
            "ec2:TerminateInstances",
            "/",
            "InstanceId.1=i-1&InstanceId.2=i-2",
            [f"{EC2}:instance/i-1", f"{EC2}:instance/i-2"],
        ),
        (
            "ec2:AuthorizeSecurityGroupIngress",
            "/",
            "GroupId=sg-1&IpPermissions.1.UserIdGroupPairs.1.GroupId=sg-2",
            [f"{EC2}:security-group/sg-1"],
        ),
        (
            "ec2:RunInstances",
            "/",
            "ImageId=ami-1&SecurityGroupId.1=sg-1",
            [
                *(f"{EC2}:{kind}/new" for kind in ("instance", "network-interface", "volume")),
                "arn:aws:ec2:eu-west-1::image/ami-1",
                f"{EC2}:security-group/sg-1",
            ],
        ),
        ("elasticloadbalancing:DescribeRules", "/", "ListenerArn=arn%3Ax", ["*"]),
        ("elasticloadbalancing:CreateTargetGroup", "/", "Name=lab-https-1", [f"{LB}:targetgroup/lab-https-1/new"]),
        ("elasticloadbalancing:AddTags", "/", "ResourceArns.member.1=arn%3Ax", ["arn:x"]),
        ("iam:ListPolicies", "/", "Scope=AWS", ["*"]),
        ("iam:GetPolicy", "/", "PolicyArn=arn%3Ax", ["arn:x"]),
        ("iam:GetRole", "/", "RoleName=lab", [f"arn:aws:iam::{ACCOUNT}:role/lab"]),
        (
            "iam:AddRoleToInstanceProfile",
            "/",
            "RoleName=a&InstanceProfileName=b",
            [f"arn:aws:iam::{ACCOUNT}:instance-profile/b"],
        ),
        ("lambda:GetPolicy", "/2015-03-31/functions/f/policy", "", [f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"]),
        (
            "lambda:GetFunction",
            "/2015-03-31/functions/f?Qualifier=1",
            "",
            [f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f:1"],
        ),
        ("lambda:GetFunction", "/2015-03-31/functions/f:1", "", [f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f:1"]),
        ("lambda:ListTags", "/2017-03-31/tags/arn%3Ax", "", ["arn:x"]),
        ("logs:DeleteLogGroup", "/", '{"logGroupName": "/a"}', [f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/a"]),
        ("route53:ListHostedZones", "/2013-04-01/hostedzone", "", ["*"]),
        ("route53:ListResourceRecordSets", "/2013-04-01/hostedzone/Z1/rrset", "", ["arn:aws:route53:::hostedzone/Z1"]),
        ("s3:ListBuckets", "/", "", ["*"]),
        ("s3:ListObjectsV2", "/bucket?region=x", "", ["arn:aws:s3:::bucket"]),
        ("s3:ListObjectsV2", "/bucket/?list-type=2", "", ["arn:aws:s3:::bucket"]),
        ("s3:GetObject", "/bucket/a%20b/c", "", ["arn:aws:s3:::bucket/a b/c"]),
        ("s3:DeleteObjects", "/bucket?delete", "", ["arn:aws:s3:::bucket/*"]),
        ("ssm:GetParameters", "/", '{"Names": ["/lab/a", "/lab/b"]}', [f"{SSM}:parameter/lab/{name}" for name in "ab"]),
        (
            "ssm:StartSession",
            "/",
            '{"Target": "i-1"}',
            [f"{EC2}:instance/i-1", f"{SSM}:document/SSM-SessionManagerRunShell"],
        ),
    ],
)
def test_what_a_request_is_about(call, target, body, expected):
    assert request_context.resources(request(call, target, body)) == expected


@pytest.mark.parametrize(
    ("call", "body"),
    [
        ("acm:RequestCertificate", '{"Tags": [{"Key": "Project", "Value": "lab"}]}'),
        ("cloudfront:TagResource", "<Items><Tag><Key>Project</Key><Value>lab</Value></Tag></Items>"),
        ("cognito-identity:CreateIdentityPool", '{"IdentityPoolTags": {"Project": "lab"}}'),
        ("cognito-idp:CreateUserPool", '{"UserPoolTags": {"Project": "lab"}}'),
        ("ec2:RunInstances", "TagSpecification.1.Tag.1.Key=Project&TagSpecification.1.Tag.1.Value=lab"),
        ("iam:CreateRole", "Tags.member.1.Key=Project&Tags.member.1.Value=lab"),
        ("lambda:CreateFunction", '{"FunctionName": "f", "Tags": {"Project": "lab"}}'),
    ],
)
def test_what_a_request_tags(call, body):
    assert request(call, body=body).tags["Project"] == "lab"


def allow(action: object = "s3:GetObject", resource: object = "arn:aws:s3:::b/*", **more: object) -> dict:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def when(operator: str, value: object, key: str = "key") -> dict:
    return allow(Condition={operator: {key: value}})


@pytest.mark.parametrize(
    ("statements", "permitted"),
    [
        ([], False),
        ([allow()], True),
        ([allow(["s3:PutObject", "S3:get*"])], True),
        ([allow("s3:GetObjec?")], True),
        ([allow("s3:PutObject")], False),
        ([allow(resource="arn:aws:s3:::b")], False),
        ([allow(resource=["arn:aws:s3:::c/*", "*"])], True),
        ([allow(), {**allow(), "Effect": "Deny"}], False),
        ([allow(), {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::b/a"}], True),
        ([allow(), {"Effect": "Deny", "Action": "s3:*", "NotResource": ["arn:aws:s3:::b/c"]}], False),
        ([{"Effect": "Allow", "NotAction": "s3:PutObject", "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "*"}], False),
        ([when("StringEquals", "lab")], True),
        ([when("StringEquals", ["other", "lab"])], True),
        ([when("StringEquals", "other")], False),
        ([when("StringLike", "l*")], True),
        ([when("ForAllValues:StringLike", "l*", "keys")], False),
        ([when("ForAllValues:StringLike", ["l*", "m*"], "keys")], True),
        ([when("ForAnyValue:StringEquals", "more", "keys")], True),
        ([when("StringEquals", "lab", "keys")], False),
        ([when("StringEquals", "x", "absent")], False),
        ([when("DateLessThan", "lab")], False),
        ([when("StringEquals", "x", "unknown")], True),
        ([allow(), {**when("StringEquals", "x", "unknown"), "Effect": "Deny"}], True),
        ([allow(), {**when("StringEquals", "lab"), "Effect": "Deny"}], False),
    ],
)
def test_how_policies_are_read(statements, permitted):
    held = [{"Statement": statement} for statement in statements]
    context = {"key": ["lab"], "keys": ["lab", "more"], "absent": []}.get
    assert authorization.allows(held, "s3:GetObject", "arn:aws:s3:::b/a", context) == permitted


READER = [
    {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": "arn:aws:s3:::reads",
        "Condition": {"StringLike": {"s3:prefix": ["proj/", "proj/*"]}},
    },
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reads/proj/*"},
    {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
]


@pytest.mark.parametrize(
    ("call", "target", "permitted"),
    [
        ("s3:GetObject", "/reads/proj/a.bam", True),
        ("s3:HeadObject", "/reads/proj/a.bam", True),
        ("s3:ListObjectsV2", "/reads?list-type=2&prefix=proj%2F", True),
        ("s3:ListObjectsV2", "/reads/?list-type=2&prefix=proj/a&delimiter=%2F", True),
        ("s3:ListObjects", "/reads?prefix=proj/", True),
        ("s3:GetObject", "/reads/private/b.bam", False),
        ("s3:HeadObject", "/reads/private/b.bam", False),
        ("s3:GetObject", "/other/proj/a.bam", False),
        ("s3:ListObjectsV2", "/other?list-type=2&prefix=proj/", False),
        ("s3:ListObjectsV2", "/reads?list-type=2&prefix=private/", False),
        ("s3:ListObjectsV2", "/reads?list-type=2&prefix=", False),
        ("s3:ListObjectsV2", "/reads?list-type=2", False),
        ("s3:ListObjectVersions", "/reads?versions&prefix=proj/", False),
        ("s3:HeadBucket", "/reads", False),
        ("s3:PutObject", "/reads/proj/new", False),
        ("s3:DeleteObject", "/reads/proj/a.bam", False),
        ("s3:DeleteObjects", "/reads?delete", False),
        ("s3:ListBuckets", "/", False),
    ],
)
def test_a_role_reads_its_prefix_by_tls_and_nothing_else(monkeypatch, call, target, permitted):
    monkeypatch.setattr(authorization, "role_policies", lambda _role: [{"Statement": READER}])
    by_tls = dataclasses.replace(request(call, target), secure=True)
    assert (authorization.missing_permission("reader", by_tls) is None) == permitted
    assert authorization.missing_permission("reader", request(call, target))


@pytest.fixture
def role(monkeypatch):
    """The role `lab`, with the policies of each purpose, in an account where only i-1 and sg-1 are the deployment's."""
    filled = dict.fromkeys(iam_policies.written()["placeholders"], "lab") | {
        "account": ACCOUNT,
        "region": "eu-west-1",
        "domain": "lab.org",
        "site_domain": "site.lab.org",
        "data_domain": "data.lab.org",
        "hosted_zone_id": "Z1",
    }
    own = {"Project": "lab"}
    monkeypatch.setattr(
        authorization, "role_policies", lambda purpose: filled_in(iam_policies.policies(purpose), filled)
    )
    monkeypatch.setattr(authorization, "tags_of", lambda arn: own if arn.endswith(("-1", "_A", "E1")) else {})


def filled_in(node, values):
    if isinstance(node, dict):
        return {key: filled_in(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [filled_in(value, values) for value in node]
    return iam_policies.filled(node, values)


# What amazon.aws's ec2_instance does for another type: it stops the instance, changes and starts it.
CHANGE_OF_TYPE = ("StopInstances", "ModifyInstanceAttribute", "StartInstances")
LOG_GROUP = '{{"logGroupName": "/aws/lambda/{}-sign-in", "tags": {{"Project": "lab"}}}}'
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
TAGGED = "TagSpecification.1.Tag.1.Key=Project&TagSpecification.1.Tag.1.Value"


def change(name: str, kind: str = "A") -> str:
    return f"<ResourceRecordSet><Name>{name}</Name><Type>{kind}</Type></ResourceRecordSet>"


@pytest.mark.parametrize(
    ("purpose", "call", "target", "body", "lacking"),
    [
        (
            "deploy",
            "ec2:RunInstances",
            "/",
            f"ImageId=ami-9&SubnetId=subnet-9&SecurityGroupId.1=sg-1&{TAGGED}=lab",
            None,
        ),
        ("deploy", "ec2:RunInstances", "/", f"ImageId=ami-9&SecurityGroupId.1=sg-1&{TAGGED}=other", "instance/new"),
        ("deploy", "ec2:RunInstances", "/", f"ImageId=ami-9&SecurityGroupId.1=sg-9&{TAGGED}=lab", "sg-9"),
        ("operate", "ec2:RunInstances", "/", f"ImageId=ami-9&{TAGGED}=lab", "ec2:RunInstances"),
        ("teardown", "ec2:TerminateInstances", "/", "InstanceId.1=i-1", None),
        ("teardown", "ec2:TerminateInstances", "/", "InstanceId.1=i-9", "instance/i-9"),
        ("deploy", "ec2:TerminateInstances", "/", "InstanceId.1=i-1", "ec2:TerminateInstances"),
        ("deploy", "ec2:CreateTags", "/", "ResourceId.1=i-9", "instance/i-9"),
        *[("deploy", f"ec2:{verb}", "/", "InstanceId.1=i-1", None) for verb in CHANGE_OF_TYPE],
        ("deploy", "ec2:StopInstances", "/", "InstanceId.1=i-9", "instance/i-9"),
        ("deploy", "lambda:GetFunction", "/2015-03-31/functions/lab-sign-in", "", None),
        ("deploy", "lambda:GetFunction", "/2015-03-31/functions/lab-sign-in?Qualifier=2", "", "lab-sign-in:2"),
        ("deploy", "logs:CreateLogGroup", "/", LOG_GROUP.format("lab"), None),
        ("igv", "logs:CreateLogGroup", "/", LOG_GROUP.format("lab-igv"), None),
        ("deploy", "ssm:StartSession", "/", '{"Target": "i-1"}', None),
        ("operate", "ssm:StartSession", "/", '{"Target": "i-9"}', "instance/i-9"),
        ("deploy", "ssm:StartSession", "/", '{"Target": "i-1", "DocumentName": "lab-session"}', None),
        ("deploy", "ssm:GetDocument", "/", '{"Name": "SSM-SessionManagerRunShell"}', None),
        ("operate", "ssm:GetDocument", "/", '{"Name": "lab-session"}', None),
        ("operate", "ssm:GetDocument", "/", '{"Name": "other"}', "document/other"),
        ("operate", "ssm:StartSession", "/", '{"Target": "i-1", "DocumentName": "AWS-RunShellScript"}', "document/"),
        ("operate", "ssm:GetParameter", "/", '{"Name": "/lab/k1"}', None),
        ("operate", "ssm:GetParameter", "/", '{"Name": "/other/k1"}', "parameter/other/k1"),
        ("deploy", "iam:PutRolePolicy", "/", "RoleName=lab", None),
        *[(run, "iam:GetPolicy", "/", f"PolicyArn={BOUNDARY}", None) for run in ("deploy", "operate", "igv")],
        ("deploy", "iam:PutRolePermissionsBoundary", "/", "RoleName=lab-sign-in", None),
        ("deploy", "iam:PutRolePermissionsBoundary", "/", "RoleName=other", "role/other"),
        ("igv", "iam:PutRolePermissionsBoundary", "/", "RoleName=lab-igv-reader", None),
        ("deploy", "iam:PutRolePolicy", "/", "RoleName=lab-other", "role/lab-other"),
        (
            "deploy",
            "iam:AttachRolePolicy",
            "/",
            "RoleName=lab&PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess",
            "role/lab",
        ),
        (
            "deploy",
            "iam:AttachRolePolicy",
            "/",
            "RoleName=lab&PolicyArn=arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
            None,
        ),
        ("operate", "cognito-idp:AdminDisableUser", "/", '{"UserPoolId": "eu-west-1_A"}', None),
        ("operate", "cognito-idp:AdminDisableUser", "/", '{"UserPoolId": "eu-west-1_B"}', "userpool/eu-west-1_B"),
        ("teardown", "cloudfront:DeleteDistribution", "/2020-05-31/distribution/E1", "", None),
        ("teardown", "cloudfront:DeleteDistribution", "/2020-05-31/distribution/E9", "", "distribution/E9"),
        (
            "deploy",
            "route53:ChangeResourceRecordSets",
            "/2013-04-01/hostedzone/Z1/rrset",
            change("_x.lab.org.", "CNAME"),
            None,
        ),
        ("deploy", "route53:ChangeResourceRecordSets", "/2013-04-01/hostedzone/Z1/rrset", change("www.lab.org."), "Z1"),
        (
            "deploy",
            "route53:ChangeResourceRecordSets",
            "/2013-04-01/hostedzone/Z1/rrset",
            change("data.lab.org", "MX"),
            "Z1",
        ),
        ("deploy", "route53:ChangeResourceRecordSets", "/2013-04-01/hostedzone/Z9/rrset", change("data.lab.org"), "Z9"),
        ("deploy", "s3:GetObject", "/lab/volume/0", "", "s3:GetObject"),
        ("teardown", "s3:DeleteObject", "/lab/volume/0", "", "s3:DeleteObject"),
        ("teardown", "s3:DeleteObject", f"/lab-ssm-{ACCOUNT}-eu-west-1/x", "", None),
        ("teardown", "sts:GetCallerIdentity", "/", "", None),
    ],
)
def test_what_the_documented_policies_allow(role, purpose, call, target, body, lacking):
    refused = authorization.missing_permission(purpose, request(call, target, body))
    assert refused is None if lacking is None else lacking in refused


@pytest.mark.parametrize("row", iam_policies.written()["implied"], ids=lambda row: row["calls"][0])
def test_what_is_behind_a_call_is_asked_for(monkeypatch, row):
    held = [{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}]
    monkeypatch.setattr(authorization, "role_policies", lambda role: held)
    monkeypatch.setattr(authorization, "tags_of", lambda arn: {})
    bodies = {"lambda:CreateFunction": '{"FunctionName": "f"}', "ssm:StartSession": '{"Target": "i-1"}'}
    call = request(row["calls"][0], body=bodies.get(row["calls"][0], "Name=x"))
    assert authorization.missing_permission("role", call) is None
    for needed in row["needs"]:
        held[0]["Statement"] = [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": needed, "Resource": "*"},
        ]
        assert needed in authorization.missing_permission("role", call)


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("cloudfront", "AccessDenied"),
        ("cognito-idp", "AccessDeniedException"),
        ("ec2", "UnauthorizedOperation"),
        ("elasticloadbalancing", "AccessDenied"),
        ("lambda", "AccessDeniedException"),
        ("route53", "AccessDenied"),
        ("s3", "AccessDenied"),
        ("ssm", "AccessDeniedException"),
        ("tagging", "AccessDeniedException"),
    ],
)
def test_a_refusal_is_one_that_boto_understands(service, code):
    error = boto_error(service, error_response.access_denied(service, "x:Do on <y>"))
    assert error["Code"] == code
    assert error["Message"].endswith("perform: x:Do on <y>")


SIGNED = "AWS4-HMAC-SHA256 Credential={}/20261122/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x"
NOTHING = "iam:GetRole on *"


async def post(body: str, headers: dict[str, str]) -> httpx.Response:
    app = httpx.ASGITransport(http_server.application(gateway.handle))
    async with httpx.AsyncClient(transport=app, base_url=settings.ENDPOINT) as client:
        return await client.post("/", content=body, headers=headers)


@pytest.mark.parametrize(
    ("key", "token", "refusal", "status", "reached"),
    [
        ("ASIA1", "of its own", NOTHING, 403, []),
        ("ASIA1", "of its own", None, 200, ["iam"]),
        ("sandbox", None, NOTHING, 200, ["iam"]),
        ("ASIA-nobodys", "whatever", NOTHING, 200, ["iam"]),
        ("AKIA-nobodys", None, None, 403, []),
    ],
)
def test_the_control_plane_holds_roles_to_their_policies(monkeypatch, tmp_path, key, token, refusal, status, reached):
    asked_for = []

    async def forward(_request, service, _body):
        asked_for.append(service)
        return PlainTextResponse("")

    monkeypatch.setattr(forwarding, "forward", forward)
    monkeypatch.setattr(settings, "REQUEST_LOG", tmp_path / "log")
    monkeypatch.setattr(authorization, "role_of_access_key", {"ASIA1": "deploy-1"}.get)
    monkeypatch.setattr(authorization, "missing_permission", lambda role, request: refusal)
    headers = {"authorization": SIGNED.format(key)} | ({"x-amz-security-token": token} if token else {})
    answer = asyncio.run(post("Action=GetRole&RoleName=lab", headers))
    (logged,) = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert (answer.status_code, asked_for) == (status, reached)
    assert logged["role"] == ("deploy-1" if key == "ASIA1" else None)
    assert logged["refused"] == (refusal if status == 403 else None)


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("cloudfront", "InvalidClientTokenId"),
        ("cognito-idp", "UnrecognizedClientException"),
        ("ec2", "AuthFailure"),
        ("iam", "InvalidClientTokenId"),
        ("lambda", "UnrecognizedClientException"),
        ("s3", "InvalidAccessKeyId"),
    ],
)
def test_a_key_of_nobody_is_refused_in_the_words_of_the_service(service, code):
    assert boto_error(service, error_response.unknown_key(service))["Code"] == code


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"project": settings.PROJECT, "data_domain": "data.lab.localhost", "hosted_zone_id": "Z-lab.localhost"}),
        ({"domain": "a.b", "hosted_zone": "b"}, {"site_domain": "neuroglancer.a.b", "hosted_zone_id": "Z-b"}),
        ({"dns": "manual", "data_bucket": "mine"}, {"hosted_zone_id": "none", "data_bucket": "mine"}),
    ],
)
def test_what_stands_for_the_placeholders_in_a_run(monkeypatch, given, expected):
    monkeypatch.setattr(playbook_roles, "_zone_id", lambda name: f"Z-{name}")
    found = playbook_roles.placeholders(given)
    assert found.keys() == iam_policies.written()["placeholders"].keys()
    assert expected.items() <= found.items()
