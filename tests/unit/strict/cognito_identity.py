"""Identity pools: an update that resets what it leaves out, roles that a call of their own resets together.

https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_UpdateIdentityPool.html
"""

from __future__ import annotations

import copy
from typing import Any

from botocore import xform_name

from tests.unit.strict.cognito import refuse_tags_of_aws, retagged
from tests.unit.strict.models import Refusal

ROLES = ("Roles", "RoleMappings")
USUAL = {"AllowClassicFlow": False}
CLIENT = {"ServerSideTokenCheck": False}
NEEDS_ANSWER = "Type Rules needs RulesConfiguration, and AmbiguousRoleResolution is required."


class CognitoIdentity:
    def __init__(self, account: Any) -> None:
        self.account = account

    @property
    def held(self) -> dict[str, dict[str, Any]]:
        return self.account.held["IdentityPool"]

    def answer(self, model: Any, request: dict[str, Any]) -> dict[str, Any] | None:
        if "IdentityPoolId" in request:
            self.record(request["IdentityPoolId"])
        return getattr(self, xform_name(model.name))(request)

    def record(self, pool_id: str) -> dict[str, Any]:
        if pool_id not in self.held:
            raise Refusal("ResourceNotFoundException", f"IdentityPool '{pool_id}' not found.")
        return self.held[pool_id]

    def list_identity_pools(self, request: dict) -> dict:
        names = {key: each["config"]["IdentityPoolName"] for key, each in self.held.items()}
        pools = [{"IdentityPoolId": key, "IdentityPoolName": name} for key, name in names.items()]
        page, token = self.account.page(pools, request.get("NextToken"))
        return {"IdentityPools": page, **({"NextToken": token} if token else {})}

    def create_identity_pool(self, request: dict) -> dict:
        pool_id = f"us-east-1:{self.account.number():08x}-0000-0000-0000-000000000000"
        tags = request.pop("IdentityPoolTags", {})
        self.held[pool_id] = {"config": pool_of(request, {}), "tags": tags}
        return self.describe_identity_pool({"IdentityPoolId": pool_id})

    def describe_identity_pool(self, request: dict) -> dict:
        held = self.record(request["IdentityPoolId"])
        told = {key: value for key, value in held["config"].items() if key not in ROLES and value != []}
        return {**told, "IdentityPoolId": request["IdentityPoolId"], "IdentityPoolTags": held["tags"]}

    def update_identity_pool(self, request: dict) -> dict:
        held = self.record(request.pop("IdentityPoolId"))
        held["tags"] = retagged(held["tags"], request.pop("IdentityPoolTags", {}))
        developer = held["config"].get("DeveloperProviderName")
        if developer not in (None, request.get("DeveloperProviderName")):
            raise Refusal("InvalidParameterException", "DeveloperProviderName cannot be changed.")
        held["config"] = pool_of(request, {key: held["config"][key] for key in ROLES if key in held["config"]})
        pool_id = next(key for key, each in self.held.items() if each is held)
        return self.describe_identity_pool({"IdentityPoolId": pool_id})

    def delete_identity_pool(self, request: dict) -> None:
        del self.held[request["IdentityPoolId"]]

    def get_identity_pool_roles(self, request: dict) -> dict:
        config = self.record(request["IdentityPoolId"])["config"]
        return {"IdentityPoolId": request["IdentityPoolId"], **{key: config[key] for key in ROLES if config.get(key)}}

    def set_identity_pool_roles(self, request: dict) -> None:
        config = self.record(request.pop("IdentityPoolId"))["config"]
        judge_roles(request)
        for key in ROLES:
            config.pop(key, None)
        config.update({key: value for key, value in request.items() if value})

    def tag_resource(self, request: dict) -> dict:
        refuse_tags_of_aws(request["Tags"])
        self.tags(request).update(request["Tags"])
        return {}

    def untag_resource(self, request: dict) -> dict:
        for key in request["TagKeys"]:
            self.tags(request).pop(key, None)
        return {}

    def tags(self, request: dict) -> dict[str, str]:
        place, _slash, pool_id = request["ResourceArn"].partition("/")
        if place != "arn:aws:cognito-identity:us-east-1:123456789012:identitypool":
            raise Refusal("InvalidParameterException", "Invalid resource ARN.")
        return self.record(pool_id)["tags"]


def pool_of(request: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """A pool's configuration: what the request says, the rest as AWS has it by default."""
    clients = [{**CLIENT, **each} for each in request.get("CognitoIdentityProviders", [])]
    pairs = [(each.get("ProviderName"), each.get("ClientId")) for each in clients]
    if len(set(pairs)) < len(pairs):
        raise Refusal("InvalidParameterException", "The same client twice.")
    return copy.deepcopy({**USUAL, **kept, **request, **({"CognitoIdentityProviders": clients} if clients else {})})


def judge_roles(request: dict[str, Any]) -> None:
    if not request["Roles"].keys() <= {"authenticated", "unauthenticated"}:
        raise Refusal("InvalidParameterException", "Roles are authenticated and unauthenticated.")
    for mapping in request.get("RoleMappings", {}).values():
        if "AmbiguousRoleResolution" not in mapping or (mapping["Type"] == "Rules") != (
            "RulesConfiguration" in mapping
        ):
            raise Refusal("InvalidParameterException", NEEDS_ANSWER)
