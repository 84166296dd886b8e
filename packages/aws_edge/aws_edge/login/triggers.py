"""A user pool's Lambda triggers pre sign-up and pre token generation, which can refuse a sign-in.

Developer Guide, "Customizing user pool workflows with Lambda triggers". Their response changes no claim here.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aws_edge.account.api import Api
from aws_edge.account.iam_policies import Caller
from aws_edge.account.lambda_functions import FunctionError, Functions, InvocationError
from aws_edge.login.external_provider import ExternalError

COGNITO = "cognito-idp.amazonaws.com"
# Cognito's.
TIMEOUT_SECONDS = 5
HOSTED_AUTH, NEW_PASSWORD_CHALLENGE = "TokenGeneration_HostedAuth", "TokenGeneration_NewPasswordChallenge"
REFRESH_TOKENS, PRE_SIGN_UP_EXTERNAL_PROVIDER = "TokenGeneration_RefreshTokens", "PreSignUp_ExternalProvider"
PRE_SIGN_UP_ADMIN_CREATE_USER = "PreSignUp_AdminCreateUser"


class TriggerError(ExternalError):
    """A trigger refused, or its invocation failed; the description is shown to the user."""

    def __init__(self, description: str) -> None:
        super().__init__("invalid_request", description)


class Triggers:
    """Invokes the triggers of a pool, if it has any."""

    def __init__(self, api: Api, functions: Functions) -> None:
        self._api = api
        self._functions = functions

    async def pre_sign_up(self, source: str, pool_id: str, client_id: str, username: str, attributes: dict) -> None:
        """Before a user is created; raises TriggerError."""
        aliases = {"cognito:email_alias": "", "cognito:phone_number_alias": ""}
        request = {"userAttributes": {**aliases, **attributes}, "validationData": {}}
        response = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
        await self._invoke(source, pool_id, client_id, username, request, response)

    async def pre_token_generation(self, source: str, pool_id: str, client_id: str, username: str) -> None:
        """Before tokens are issued for an enabled user; raises TriggerError."""
        user = await asyncio.to_thread(self._api.user, pool_id, username)
        if user is None:
            return
        attributes = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
        groups = {"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": None}
        user_attributes = {**attributes, "cognito:user_status": user["UserStatus"]}
        request = {"userAttributes": user_attributes, "groupConfiguration": groups}
        await self._invoke(source, pool_id, client_id, user["Username"], request, {"claimsOverrideDetails": None})

    async def _invoke(
        self, source: str, pool_id: str, client_id: str, username: str, request: Any, response: Any
    ) -> None:
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
            returned = await self._functions.invoke(function, caller, event, TIMEOUT_SECONDS)
        except InvocationError as error:
            raise TriggerError(f"{name} invocation failed due to error {error}.") from error
        except FunctionError as error:
            raise TriggerError(f"{name} failed with error {error}.") from error
        if not isinstance(returned, dict) or "response" not in returned:
            raise TriggerError("Unrecognizable lambda output")


def _function(config: dict[str, Any], name: str) -> str | None:
    newer = config.get(f"{name}Config", {})
    return newer.get("LambdaArn") or config.get(name)
