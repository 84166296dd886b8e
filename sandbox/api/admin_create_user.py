"""AdminCreateUser as Cognito does it: the pool's pre sign-up trigger may refuse.

Developer Guide, "Pre sign-up Lambda trigger".
"""

from __future__ import annotations

import uuid

from sandbox import settings
from sandbox.edge.aws import Api
from sandbox.edge.config import Config
from sandbox.edge.functions import Functions
from sandbox.edge.login.triggers import BY_ADMINISTRATOR, TriggerError, Triggers

_config = Config(settings.ENDPOINT, settings.MINISTACK_URL, settings.LOGIN_SUFFIX, region=settings.REGION)
_api = Api(_config)
_triggers = Triggers(_api, Functions(_api, settings.FUNCTIONS))


async def refusal(asked: dict) -> str:
    """What the trigger says against making this user; an invitation that is sent again makes nobody."""
    if asked.get("MessageAction") == "RESEND":
        return ""
    attributes = {each["Name"]: each.get("Value", "") for each in asked.get("UserAttributes", ())}
    if "@" in asked["Username"]:
        attributes.setdefault("email", asked["Username"])
    who = {"username": str(uuid.uuid4()), "attributes": attributes}
    try:
        await _triggers.sign_up(BY_ADMINISTRATOR, asked["UserPoolId"], "CLIENT_ID_NOT_APPLICABLE", **who)
    except TriggerError as error:
        return error.description
    return ""
