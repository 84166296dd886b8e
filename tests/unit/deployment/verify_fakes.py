"""AWS and a site that say what a test wants them to say."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.http import Answer
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.names import names
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
    "cookie_lifetime": 3600,
    "min_hsts_max_age": 31536000,
    "role_policies": {"managed": ["AmazonSSMManagedInstanceCore"], "inline": ["parameters"]},
    "failure_emails": [],
    "triggers": {},
    "other_app_clients": [],
    "require_load_balancer_deletion_protection": True,
    "require_instance_termination_protection": True,
    "require_user_pool_deletion_protection": True,
    "min_certificate_days": 21,
    "use_signing_key": False,
}


def aws_error(code: str) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "Operation"
    )


def context_of(answers: dict[str, Any] | None = None, **known: Any) -> Context:
    """The context of checks; AWS answers by operation: a value, what a function makes of the request, or an error."""
    told, inputs = answers or {}, {**KNOWN, **known}

    class Client:
        def __getattr__(self, operation: str) -> Callable[..., Any]:
            def call(**request: Any) -> Any:
                answer = told[operation]
                if isinstance(answer, Exception):
                    raise answer
                return answer(**request) if callable(answer) else answer

            return call

    return Context(inputs, lambda service, **_: Client(), names(inputs["project"]))


def site(monkeypatch: Any, web: Any, *answers: tuple[str, Answer]) -> list[tuple[str, dict[str, str]]]:
    """Answer requests by the first pattern that fits the address; what was asked is in the list that comes back."""
    asked: list[tuple[str, dict[str, str]]] = []

    def ask(url: str, headers: dict[str, str] | None = None, *_: Any) -> Answer:
        asked.append((url, dict(headers or {})))
        return next(answer for pattern, answer in answers if re.fullmatch(pattern, url))

    monkeypatch.setattr(web, "ask", ask)
    return asked


def but(value, *path_and_new):
    """A copy with one thing changed: but({"a": {"b": 1}}, "a", "b", 2)."""
    changed = copy.deepcopy(value)
    *path, last, new = path_and_new
    place = changed
    for key in path:
        place = place[key]
    place[last] = new
    return changed


def without(value, key):
    return {name: item for name, item in value.items() if name != key}


def counted(*items):
    return {"Quantity": len(items), "Items": list(items)}
