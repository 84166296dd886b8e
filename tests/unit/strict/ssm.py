"""Parameters. What they hold is no part of the account's state: a key pair is another one each time."""

from __future__ import annotations

from typing import Any

from botocore import xform_name

from tests.unit.strict.models import Refusal


class Ssm:
    def __init__(self, account: Any) -> None:
        self.account = account

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        return self.account.held["Parameter"]

    def put(self, name: str, value: str = "theirs", tags: dict[str, str] | None = None, **config: str) -> None:
        self.parameters[name] = {"config": {"Type": "String", **config}, "tags": tags or {}, "value": value}

    def answer(self, model: Any, request: dict[str, Any]) -> dict[str, Any] | None:
        name = request.get("Name") or request["ResourceId"]
        if model.name != "PutParameter" and name not in self.parameters:
            missing = "InvalidResourceId" if "ResourceId" in request else "ParameterNotFound"
            raise Refusal(missing, "The parameter does not exist")
        return getattr(self, xform_name(model.name))(request, self.parameters.get(name))

    def get_parameter(self, request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        kind = held["config"]["Type"]
        value = "AQICAHi enciphered" if kind == "SecureString" and not request.get("WithDecryption") else held["value"]
        return {"Parameter": {"Name": request["Name"], "Type": kind, "Value": value}}

    def put_parameter(self, request: dict[str, Any], held: dict[str, Any] | None) -> dict[str, Any]:
        if held and not request.get("Overwrite"):
            raise Refusal("ParameterAlreadyExists", "The parameter already exists")
        if request.get("Overwrite") and request.get("Tags"):
            raise Refusal("ValidationException", "tags and overwrite can't be used together")
        if "KeyId" in request and request["Type"] != "SecureString":
            raise Refusal("ValidationException", "KeyId is required for SecureString type parameter only")
        if len(request["Value"]) > 4096:
            raise Refusal("ValidationException", "Standard tier parameters support a maximum of 4096 characters")
        tags = held["tags"] if held else {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        config = {key: request[key] for key in ("Type", "KeyId", "Description") if key in request}
        self.put(request["Name"], request["Value"], tags, **config)
        return {"Version": 1, "Tier": "Standard"}

    def delete_parameter(self, request: dict[str, Any], _held: dict[str, Any]) -> None:
        del self.parameters[request["Name"]]

    def list_tags_for_resource(self, _request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        return {"TagList": [{"Key": key, "Value": value} for key, value in held["tags"].items()]}

    def add_tags_to_resource(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        held["tags"] |= {tag["Key"]: tag["Value"] for tag in request["Tags"]}

    def remove_tags_from_resource(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        for key in request["TagKeys"]:
            held["tags"].pop(key, None)
