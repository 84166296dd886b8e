"""Who may sign in: a trigger of the user pool. It returns the event, and Cognito goes on; or it raises, and refuses.

Events: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html and
https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html (version V1_0).
Cognito shows what is raised to the person, with a full stop after it: so it holds nothing that they should not read.
The rule itself is in allow_list.py, which is packed beside this.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

from allow_list import BY_ADMINISTRATOR, FIRST_TIME, AllowList, is_federated, refusal

Event = dict[str, Any]
TOKENS = re.compile("TokenGeneration_(HostedAuth|Authentication|NewPasswordChallenge|AuthenticateDevice|RefreshTokens)")


class RefusedError(Exception):
    """Somebody may not sign in; says why, to them."""


def check(event: Event) -> None:
    source, attributes = event["triggerSource"], event["request"]["userAttributes"]
    if source not in (FIRST_TIME, BY_ADMINISTRATOR) and not TOKENS.fullmatch(source):
        raise RefusedError("Nobody can sign up or sign in this way")
    allowed = AllowList.from_json(os.environ["ALLOWED"])
    if why := refusal(attributes, is_federated(source, event["userName"], attributes), allowed):
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
