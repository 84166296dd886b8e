"""Lambda functions, and who may invoke them."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from botocore import xform_name

from tests.unit.strict.models import Refusal

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
AT_WORK = "The operation cannot be performed at this time. An update is in progress for resource."
# What Lambda says of a role that IAM has just made: when it is to take it, and when it is to let it decrypt variables
# (terraform-provider-aws, internal/service/lambda/function.go, retryFunctionOp).
CANNOT_ASSUME = "The role defined for the function cannot be assumed by Lambda."
CANNOT_GRANT = (
    "Lambda was unable to configure access to your environment variables because the KMS key is invalid for"
    " CreateGrant. Please check your KMS key settings. KMS Exception: InvalidArnException KMS Message: ARN does not"
    " refer to a valid principal"
)
PLAIN = ("Description", "Role", "Runtime", "Handler", "Timeout", "MemorySize")


def digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def statement(sid: str, permission: dict[str, str], function: str) -> dict[str, Any]:
    """As Lambda writes it into the resource policy."""
    condition = {}
    if "source_account" in permission:
        condition["StringEquals"] = {"AWS:SourceAccount": permission["source_account"]}
    if "source_arn" in permission:
        condition["ArnLike"] = {"AWS:SourceArn": permission["source_arn"]}
    told = {"Sid": sid, "Effect": "Allow", "Principal": {"Service": permission["principal"]}}
    return {**told, "Action": "lambda:InvokeFunction", "Resource": ARN + function, "Condition": condition}


class Functions:
    def __init__(self, account: Any) -> None:
        self.account = account
        self.roles_seen_late = 0  # so many calls do not know a new role yet
        self.unknown_role = CANNOT_ASSUME

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        return self.account.held["Function"]

    def put(self, name: str, tags: dict[str, str] | None = None, **config: Any) -> None:
        usual = {"Timeout": 3, "MemorySize": 128, "Architectures": ["x86_64"], "Description": ""}
        whole = {**usual, "Environment": {"Variables": {}}, "Permissions": {}, **config}
        self.functions[name] = {"config": whole, "tags": tags or {}, "changing": 0}

    def answer(self, model: Any, request: dict[str, Any]) -> dict[str, Any] | None:
        name = request.get("FunctionName") or request["Resource"].rpartition(":")[2]
        held = self.functions.get(name)
        if held is None and model.name != "CreateFunction":
            raise Refusal("ResourceNotFoundException", "Function not found")
        return getattr(self, xform_name(model.name.rstrip("0123456789")))(request, held)

    def told(self, name: str) -> dict[str, Any]:
        config = {key: item for key, item in self.functions[name]["config"].items() if key != "Permissions"}
        return {"FunctionName": name, "FunctionArn": ARN + name, "State": "Active", **config}

    def create_function(self, request: dict[str, Any], held: dict[str, Any] | None) -> dict[str, Any]:
        if held:
            raise Refusal("ResourceConflictException", "Function already exist")
        self.know_role()
        config = {key: request[key] for key in (*PLAIN, "Architectures", "Environment") if key in request}
        code = digest(request["Code"]["ZipFile"])
        self.put(request["FunctionName"], request.get("Tags"), CodeSha256=code, **config)
        return self.told(request["FunctionName"])

    def know_role(self) -> None:
        if self.roles_seen_late:
            self.roles_seen_late -= 1
            raise Refusal("InvalidParameterValueException", self.unknown_role)

    def get_function(self, request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        status = "InProgress" if held["changing"] else "Successful"
        # Tags are told only to those who may list them (Lambda API Reference, "GetFunction").
        return {"Configuration": {**self.told(request["FunctionName"]), "LastUpdateStatus": status}}

    def list_tags(self, _request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": held["tags"]}

    def ready(self, held: dict[str, Any]) -> None:
        if held["changing"]:
            held["changing"] -= 1
            raise Refusal("ResourceConflictException", AT_WORK)
        held["changing"] = 1

    def update_function_code(self, request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        self.ready(held)
        # What is left out is x86_64 again (Lambda API Reference, "UpdateFunctionCode").
        architectures = request.get("Architectures", ["x86_64"])
        held["config"] |= {"CodeSha256": digest(request["ZipFile"]), "Architectures": architectures}
        return self.told(request["FunctionName"])

    def update_function_configuration(self, request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        if request.get("Role", held["config"]["Role"]) != held["config"]["Role"]:
            self.know_role()
        self.ready(held)
        held["config"] |= {key: request[key] for key in (*PLAIN, "Environment") if key in request}
        return self.told(request["FunctionName"])

    def delete_function(self, request: dict[str, Any], _held: dict[str, Any]) -> dict[str, Any]:
        del self.functions[request["FunctionName"]]
        return {}

    def get_policy(self, request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        permissions = held["config"]["Permissions"]
        if not permissions:
            raise Refusal("ResourceNotFoundException", "The resource you requested does not exist.")
        told = [statement(sid, each, request["FunctionName"]) for sid, each in permissions.items()]
        return {"Policy": json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": told}), "RevisionId": "1"}

    def add_permission(self, request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        if request["StatementId"] in held["config"]["Permissions"]:
            raise Refusal("ResourceConflictException", "The statement id provided already exists.")
        words = {"principal": "Principal", "source_arn": "SourceArn", "source_account": "SourceAccount"}
        told = {option: request[name] for option, name in words.items() if name in request}
        held["config"]["Permissions"][request["StatementId"]] = told
        return {"Statement": json.dumps(statement(request["StatementId"], told, request["FunctionName"]))}

    def remove_permission(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        if request["StatementId"] not in held["config"]["Permissions"]:
            raise Refusal("ResourceNotFoundException", "No policy is associated with the given resource.")
        del held["config"]["Permissions"][request["StatementId"]]

    def tag_resource(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        held["tags"] |= request["Tags"]

    def untag_resource(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        for key in request["TagKeys"]:
            held["tags"].pop(key, None)
