"""lambda_function, option by option."""

from __future__ import annotations

import pathlib

from ansible_collections.bioviewers.aws.plugins.modules.lambda_function import digest, packed

from tests.unit.strict.table import Row, Table

FILES = [str(path) for path in sorted(pathlib.Path(__file__).parent.glob("cloudfront_*.py"))]
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_lab"
ROLE = "arn:aws:iam::123456789012:role/"


def of_code(sources):
    return digest(packed(sources))


def in_a_list(value):
    return [value]


def before(account):
    account.functions.put("lab-sign-in-old", CodeSha256="x", Role=f"{ROLE}old", Runtime="python3.13", Handler="old.run")


TABLES = [
    Table(
        module="lambda_function",
        kind="Function",
        before=before,
        asked={
            "name": "lab-sign-in",
            "role": f"{ROLE}lab",
            "runtime": "python3.13",
            "handler": "sign_in.handler",
            "sources": FILES[:1],
        },
        identity=frozenset({"name"}),
        key="lab-sign-in",
        rows={
            "description": Row("Decides who may sign in", "Decides", "Description"),
            "role": Row(f"{ROLE}lab", f"{ROLE}other", "Role"),
            "runtime": Row("python3.13", "python3.12", "Runtime"),
            "architecture": Row("arm64", "x86_64", "Architectures", in_a_list),
            "handler": Row("sign_in.handler", "sign_in.other", "Handler"),
            "timeout": Row(5, 4, "Timeout"),
            "memory_size": Row(256, 512, "MemorySize"),
            "sources": Row(FILES[:1], FILES[:2], "CodeSha256", of_code),
            "environment_variables": Row({"ALLOWED": "a", "MORE": "b"}, {"ALLOWED": "c"}, "Environment.Variables"),
            "permissions": Row(
                {
                    "pool": {
                        "principal": "cognito-idp.amazonaws.com",
                        "source_arn": POOL,
                        "source_account": "123456789012",
                    },
                    "more": {"principal": "sns.amazonaws.com"},
                },
                {"pool": {"principal": "cognito-idp.amazonaws.com", "source_arn": f"{POOL}2"}},
                "Permissions",
            ),
            "tags": Row({"project": "lab"}, {"project": "other"}, "tags"),
        },
    )
]
