"""iam_role, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table

AWS = "arn:aws:iam::aws:policy/"


def policy(action, **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **more}]}


def trust(service):
    return policy("sts:AssumeRole", Principal={"Service": service})


def before(account):
    account.iam.put("lab-viewer-old", InlinePolicies={"read": policy("s3:GetObject", Resource="*")})


TABLES = [
    Table(
        module="iam_role",
        kind="Role",
        before=before,
        asked={"name": "lab-viewer", "assume_role_policy_document": trust("ec2.amazonaws.com")},
        identity=frozenset({"name"}),
        key="lab-viewer",
        acts=frozenset({"purge_managed_policies"}),
        rows={
            "description": Row("What it may do", "What the instance may do", "Description"),
            "assume_role_policy_document": Row(
                trust("ec2.amazonaws.com"), trust("lambda.amazonaws.com"), "AssumeRolePolicyDocument"
            ),
            "max_session_duration": Row(3600, 7200, "MaxSessionDuration"),
            "permissions_boundary": Row(f"{AWS}PowerUserAccess", f"{AWS}ReadOnlyAccess", "PermissionsBoundary"),
            "managed_policies": Row(
                [f"{AWS}AmazonSSMManagedInstanceCore", f"{AWS}ReadOnlyAccess"],
                [f"{AWS}ReadOnlyAccess"],
                "ManagedPolicies",
            ),
            "inline_policies": Row(
                {"read": policy("s3:GetObject", Resource="*"), "more": policy("s3:ListBucket", Resource="*")},
                {"read": policy("s3:HeadObject", Resource="*")},
                "InlinePolicies",
            ),
            "tags": Row({"project": "lab"}, {"project": "other"}, "tags"),
        },
    )
]
