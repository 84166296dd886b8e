"""Lambda trigger of the user pool: returns the event to allow a sign-in, or raises to refuse it.

Events: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html and
https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html (version V1_0).
Cognito shows the error message to the person, with a full stop after it, so it must hold no secret.
The rule is in allow_list.py, which is packed beside this file.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

from allow_list import ADMIN_CREATE_USER, EXTERNAL_PROVIDER, AllowList, is_federated, refusal_reason

Event = dict[str, Any]
TOKEN_GENERATION = re.compile(
    "TokenGeneration_(HostedAuth|Authentication|NewPasswordChallenge|AuthenticateDevice|RefreshTokens)"
)


class SignInRefusedError(Exception):
    """A refused sign-in; the message is shown to the person."""


def authorize(event: Event) -> None:
    source, attributes = event["triggerSource"], event["request"]["userAttributes"]
    if source not in (EXTERNAL_PROVIDER, ADMIN_CREATE_USER) and not TOKEN_GENERATION.fullmatch(source):
        raise SignInRefusedError("Nobody can sign up or sign in this way")
    federated = is_federated(source, event["userName"], attributes)
    if reason := refusal_reason(attributes, federated, AllowList.from_json(os.environ["ALLOWED"])):
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
