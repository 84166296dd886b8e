"""AdminCreateUser as Cognito does it: the pool's pre sign-up trigger may refuse.

Developer Guide, "Pre sign-up Lambda trigger".
"""

from __future__ import annotations

import uuid

from aws_edge.account.api import Api
from aws_edge.account.lambda_functions import Functions
from aws_edge.config import Config
from aws_edge.login.triggers import PRE_SIGN_UP_ADMIN_CREATE_USER, TriggerError, Triggers
from sandbox import settings

_config = Config(settings.ENDPOINT, settings.MINISTACK_URL, settings.LOGIN_SUFFIX, region=settings.REGION)
_api = Api(_config)
_triggers = Triggers(_api, Functions(_api, settings.FUNCTIONS))


async def trigger_error(request: dict) -> str:
    """The error of the pre sign-up trigger, if it refuses the user; a resent invitation creates none."""
    if request.get("MessageAction") == "RESEND":
        return ""
    attributes = {each["Name"]: each.get("Value", "") for each in request.get("UserAttributes", ())}
    if "@" in request["Username"]:
        attributes.setdefault("email", request["Username"])
    user = {"username": str(uuid.uuid4()), "attributes": attributes}
    try:
        await _triggers.pre_sign_up(
            PRE_SIGN_UP_ADMIN_CREATE_USER, request["UserPoolId"], "CLIENT_ID_NOT_APPLICABLE", **user
        )
    except TriggerError as error:
        return error.description
    return ""
