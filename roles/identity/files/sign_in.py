"""Who may sign in: a trigger of the user pool. It returns the event, and Cognito goes on; or it raises, and refuses.

Events: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html and
https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html (version V1_0).
Cognito shows what is raised to the person, with a full stop after it: so it holds nothing that they should not read.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

Event = dict[str, Any]
FIRST_TIME, BY_ADMINISTRATOR = "PreSignUp_ExternalProvider", "PreSignUp_AdminCreateUser"
TOKENS = re.compile("TokenGeneration_(HostedAuth|Authentication|NewPasswordChallenge|AuthenticateDevice|RefreshTokens)")
# No look-alikes from other alphabets, no second domain behind a quoted name; as the gate on the host reads addresses.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+)")
ADDRESS_LIMIT = 254
# Cognito's name for a user of its own, where people sign in with their address; those of others are <provider>_<id>.
NATIVE_NAME = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class RefusedError(Exception):
    """Somebody may not sign in; says why, to them."""


class Allowed:
    """The people on the list."""

    def __init__(self, domains: list[str], emails: list[str]) -> None:
        self.domains = {domain.lower() for domain in domains}
        self.emails = {email.lower() for email in emails}

    @classmethod
    def from_environment(cls) -> Allowed:
        given = json.loads(os.environ["ALLOWED"])
        return cls(given["domains"], given["emails"])

    def __bool__(self) -> bool:
        return bool(self.domains or self.emails)

    def __contains__(self, email: object) -> bool:
        fits = isinstance(email, str) and len(email) <= ADDRESS_LIMIT
        found = ADDRESS.fullmatch(email) if fits else None
        return bool(found) and (found[0].lower() in self.emails or found[1].lower() in self.domains)


def refusal(attributes: dict[str, Any], federated: bool, allowed: Allowed) -> str:
    """Why somebody with these attributes may not sign in; empty if they may."""
    email, verified = attributes.get("email"), attributes.get("email_verified")
    if not federated and not allowed:
        return ""
    if email not in allowed:
        return "This address is not on the list of people who may sign in"
    if federated and verified != "true":
        return "The identity provider has not verified this address"
    return ""


def is_federated(source: str, username: Any, attributes: dict[str, Any]) -> bool:
    """Whether somebody else than the pool knows this person; in doubt, yes."""
    if source in (FIRST_TIME, BY_ADMINISTRATOR):
        return source == FIRST_TIME
    native = isinstance(username, str) and bool(NATIVE_NAME.fullmatch(username))
    external = attributes.get("identities") or attributes.get("cognito:user_status") == "EXTERNAL_PROVIDER"
    return bool(external) or not native


def check(event: Event) -> None:
    source, attributes = event["triggerSource"], event["request"]["userAttributes"]
    if source not in (FIRST_TIME, BY_ADMINISTRATOR) and not TOKENS.fullmatch(source):
        raise RefusedError("Nobody can sign up or sign in this way")
    if why := refusal(attributes, is_federated(source, event["userName"], attributes), Allowed.from_environment()):
        raise RefusedError(why)


def handler(event: Event, _context: object) -> Event:
    """Called by Lambda."""
    try:
        check(event)
    except RefusedError as refused:
        record(event, refused=str(refused))
        raise
    except Exception as fault:
        record(event, refused=f"something is odd: {fault!r}")
        raise RefusedError("Sign-in is not set up rightly") from fault
    record(event)
    return event


def record(event: Any, **more: str) -> None:
    """One line in the log: who, when, and what came of it. Nothing else of the event."""
    told = event if isinstance(event, dict) else {}
    request = told.get("request")
    attributes = request.get("userAttributes") if isinstance(request, dict) else None
    email = attributes.get("email") if isinstance(attributes, dict) else None
    who = {"trigger": told.get("triggerSource"), "user": told.get("userName"), "email": email}
    print(json.dumps({"decision": "refused" if more else "let in", **who, **more}))
