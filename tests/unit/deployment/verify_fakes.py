"""AWS and a site that say what a test wants them to say."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.http import Answer
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import Sight
from botocore.exceptions import ClientError

KNOWN = {
    "project": "lab",
    "region": "us-east-1",
    "aws_account_id": "111122223333",
    "domain": "lab.test",
    "site_domain": "neuroglancer.lab.test",
    "data_domain": "data.lab.test",
    "login_domain": "lab.auth.us-east-1.amazoncognito.com",
    "data_bucket": "lab-data",
    "staging_bucket": "lab-ssm",
    "port": 8443,
    "signing_keys": ["k1"],
    "signing_key_path": "/lab/keys",
    "identity_providers": ["COGNITO"],
    "client_cidrs": ["0.0.0.0/0"],
    "public_paths": ["/", "/assets/*"],
    "deny_paths": ["/session", "/settings.json"],
    "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    "session_timeout": 604800,
    "cookie_life": 3600,
    "hsts_max_age": 31536000,
    "role_policies": {"managed": ["AmazonSSMManagedInstanceCore"], "inline": ["parameters"]},
    "failure_emails": [],
    "triggers": {},
    "other_app_clients": [],
    "protect_load_balancer": True,
    "protect_instance": True,
    "protect_user_pool": True,
    "least_days": 21,
    "use_signing_key": False,
}


def aws_error(code: str) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "Operation"
    )


def sight(answers: dict[str, Any] | None = None, **known: Any) -> Sight:
    """A look at an AWS that answers by operation: with a value, what a function makes of the request, or an error."""
    told = answers or {}

    class Client:
        def __getattr__(self, operation: str) -> Callable[..., Any]:
            def call(**request: Any) -> Any:
                answer = told[operation]
                if isinstance(answer, Exception):
                    raise answer
                return answer(**request) if callable(answer) else answer

            return call

    return Sight({**KNOWN, **known}, lambda service, **_: Client())


def site(monkeypatch: Any, web: Any, *answers: tuple[str, Answer]) -> list[tuple[str, dict[str, str]]]:
    """Answer requests by the first pattern that fits the address; what was asked is in the list that comes back."""
    asked: list[tuple[str, dict[str, str]]] = []

    def ask(url: str, headers: dict[str, str] | None = None, *_: Any) -> Answer:
        asked.append((url, dict(headers or {})))
        return next(answer for pattern, answer in answers if re.fullmatch(pattern, url))

    monkeypatch.setattr(web, "ask", ask)
    return asked
