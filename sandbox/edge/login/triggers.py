"""A user pool's Lambda triggers, as far as they can refuse somebody: pre sign-up and pre token generation.

Developer Guide, "Customizing user pool workflows with Lambda triggers". What they return changes no claim here.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sandbox.edge.aws import Api
from sandbox.edge.functions import FunctionError, Functions, InvocationError
from sandbox.edge.login.external_provider import ExternalError
from sandbox.edge.policies import Caller

COGNITO = "cognito-idp.amazonaws.com"
# For which Cognito waits.
PATIENCE = 5
HOSTED, NEW_PASSWORD = "TokenGeneration_HostedAuth", "TokenGeneration_NewPasswordChallenge"
RENEWAL, FIRST_TIME = "TokenGeneration_RefreshTokens", "PreSignUp_ExternalProvider"
BY_ADMINISTRATOR = "PreSignUp_AdminCreateUser"


class TriggerError(ExternalError):
    """A trigger refused, or could not be asked; the description is for the person."""

    def __init__(self, description: str) -> None:
        super().__init__("invalid_request", description)


class Triggers:
    """Asks the functions of any pool; a pool without triggers refuses nobody."""

    def __init__(self, api: Api, functions: Functions) -> None:
        self._api = api
        self._functions = functions

    async def sign_up(self, source: str, pool_id: str, client_id: str, username: str, attributes: dict) -> None:
        """Before a user is made; raises TriggerError."""
        aliases = {"cognito:email_alias": "", "cognito:phone_number_alias": ""}
        request = {"userAttributes": {**aliases, **attributes}, "validationData": {}}
        response = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
        await self._ask(source, pool_id, client_id, username, request, response)

    async def tokens(self, source: str, pool_id: str, client_id: str, username: str) -> None:
        """Before tokens are made for somebody whom Cognito would let in; raises TriggerError."""
        user = await asyncio.to_thread(self._api.user, pool_id, username)
        if user is None:
            return
        attributes = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
        groups = {"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": None}
        known = {**attributes, "cognito:user_status": user["UserStatus"]}
        request = {"userAttributes": known, "groupConfiguration": groups}
        await self._ask(source, pool_id, client_id, user["Username"], request, {"claimsOverrideDetails": None})

    async def _ask(self, source: str, pool_id: str, client_id: str, username: str, request: Any, response: Any) -> None:
        pool = await asyncio.to_thread(self._api.user_pool, pool_id)
        name = "PreSignUp" if source.startswith("PreSignUp") else "PreTokenGeneration"
        function = _function(pool.get("LambdaConfig", {}), name)
        if function is None:
            return
        event = {
            "version": "1",
            "triggerSource": source,
            "region": pool_id.partition("_")[0],
            "userPoolId": pool_id,
            "userName": username,
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id},
            "request": request,
            "response": response,
        }
        await self._call(name, function, pool["Arn"], event)

    async def _call(self, name: str, function: str, pool_arn: str, event: dict[str, Any]) -> None:
        caller = Caller(COGNITO, {"aws:sourcearn": pool_arn, "aws:sourceaccount": pool_arn.split(":")[4]})
        try:
            returned = await self._functions.call(function, caller, event, PATIENCE)
        except InvocationError as error:
            raise TriggerError(f"{name} invocation failed due to error {error}.") from error
        except FunctionError as error:
            raise TriggerError(f"{name} failed with error {error}.") from error
        if not isinstance(returned, dict) or "response" not in returned:
            raise TriggerError("Unrecognizable lambda output")


def _function(config: dict[str, Any], name: str) -> str | None:
    newer = config.get(f"{name}Config", {})
    return newer.get("LambdaArn") or config.get(name)
