"""Lambda trigger of the user pool: returns the event to allow a sign-in, or raises to refuse it.

Events: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html and
https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html (version V1_0).
Cognito shows the error message to the person, with a full stop after it, so it must hold no secret.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

Event = dict[str, Any]
EXTERNAL_PROVIDER, ADMIN_CREATE_USER = "PreSignUp_ExternalProvider", "PreSignUp_AdminCreateUser"
TOKEN_GENERATION = re.compile(
    "TokenGeneration_(HostedAuth|Authentication|NewPasswordChallenge|AuthenticateDevice|RefreshTokens)"
)
# ASCII only, no quoted local parts; as the session gate on the host.
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+)")
EMAIL_MAX_LENGTH = 254
# The username of a native user, where e-mail is the sign-in alias; of a federated user it is <provider>_<id>.
NATIVE_USERNAME = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class SignInRefusedError(Exception):
    """A refused sign-in; the message is shown to the person."""


class AllowList:
    """The allowed domains and e-mail addresses."""

    def __init__(self, domains: list[str], emails: list[str]) -> None:
        self.domains = {domain.lower() for domain in domains}
        self.emails = {email.lower() for email in emails}

    @classmethod
    def from_environment(cls) -> AllowList:
        given = json.loads(os.environ["ALLOWED"])
        return cls(given["domains"], given["emails"])

    def __bool__(self) -> bool:
        return bool(self.domains or self.emails)

    def __contains__(self, email: object) -> bool:
        is_text = isinstance(email, str) and len(email) <= EMAIL_MAX_LENGTH
        found = EMAIL.fullmatch(email) if is_text else None
        return bool(found) and (found[0].lower() in self.emails or found[1].lower() in self.domains)


def refusal_reason(attributes: dict[str, Any], federated: bool, allowed: AllowList) -> str:
    """Why a user with these attributes may not sign in; empty if they may."""
    email, verified = attributes.get("email"), attributes.get("email_verified")
    if not federated and not allowed:
        return ""
    if email not in allowed:
        return "This address is not on the list of people who may sign in"
    if federated and verified != "true":
        return "The identity provider has not verified this address"
    return ""


def is_federated(source: str, username: Any, attributes: dict[str, Any]) -> bool:
    """Whether the user is from an external identity provider; in doubt, yes."""
    if source in (EXTERNAL_PROVIDER, ADMIN_CREATE_USER):
        return source == EXTERNAL_PROVIDER
    native = isinstance(username, str) and bool(NATIVE_USERNAME.fullmatch(username))
    external = attributes.get("identities") or attributes.get("cognito:user_status") == "EXTERNAL_PROVIDER"
    return bool(external) or not native


def authorize(event: Event) -> None:
    source, attributes = event["triggerSource"], event["request"]["userAttributes"]
    if source not in (EXTERNAL_PROVIDER, ADMIN_CREATE_USER) and not TOKEN_GENERATION.fullmatch(source):
        raise SignInRefusedError("Nobody can sign up or sign in this way")
    federated = is_federated(source, event["userName"], attributes)
    if reason := refusal_reason(attributes, federated, AllowList.from_environment()):
        raise SignInRefusedError(reason)


def handler(event: Event, _context: object) -> Event:
    """Called by Lambda."""
    try:
        authorize(event)
    except SignInRefusedError as refused:
        log_decision(event, refused=str(refused))
        raise
    except Exception as fault:
        log_decision(event, refused=f"unexpected error: {fault!r}")
        raise SignInRefusedError("Sign-in is not set up rightly") from fault
    log_decision(event)
    return event


def log_decision(event: Any, **more: str) -> None:
    """Log the decision as one line, with nothing else of the event."""
    known = event if isinstance(event, dict) else {}
    request = known.get("request")
    attributes = request.get("userAttributes") if isinstance(request, dict) else None
    email = attributes.get("email") if isinstance(attributes, dict) else None
    who = {"trigger": known.get("triggerSource"), "user": known.get("userName"), "email": email}
    print(json.dumps({"decision": "refused" if more else "let in", **who, **more}))
