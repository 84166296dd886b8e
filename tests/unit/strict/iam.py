"""Roles with their policies."""

from __future__ import annotations

import json
import urllib.parse
from typing import Any

from botocore import xform_name

from tests.unit.strict.models import Refusal

ARN = "arn:aws:iam::123456789012:role/"
MADE = "2026-01-01T00:00:00Z"


class Iam:
    def __init__(self, account: Any) -> None:
        self.account = account

    @property
    def roles(self) -> dict[str, dict[str, Any]]:
        return self.account.held["Role"]

    def put(self, name: str, tags: dict[str, str] | None = None, **config: Any) -> None:
        usual = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}, "MaxSessionDuration": 3600}
        policies = {"ManagedPolicies": [], "InlinePolicies": {}}
        self.roles[name] = {"config": {**usual, **policies, **config}, "tags": tags or {}}

    def answer(self, model: Any, request: dict[str, Any]) -> dict[str, Any] | None:
        held = self.roles.get(request["RoleName"])
        if held is None and model.name != "CreateRole":
            raise Refusal("NoSuchEntity", f"The role with name {request['RoleName']} cannot be found.")
        return getattr(self, xform_name(model.name))(request, held)

    def told(self, name: str) -> dict[str, Any]:
        held = self.roles[name]
        plain = {key: held["config"][key] for key in ("Description", "MaxSessionDuration") if key in held["config"]}
        trust = as_text(held["config"]["AssumeRolePolicyDocument"])
        if "PermissionsBoundary" in held["config"]:
            limit = {"PermissionsBoundaryArn": held["config"]["PermissionsBoundary"]}
            plain["PermissionsBoundary"] = {"PermissionsBoundaryType": "Policy", **limit}
        known = {"Path": "/", "RoleName": name, "RoleId": "AROA0000000000000000", "Arn": ARN + name, "CreateDate": MADE}
        return {"Role": {**known, **plain, "AssumeRolePolicyDocument": trust, "Tags": as_list(held["tags"])}}

    def create_role(self, request: dict[str, Any], held: dict[str, Any] | None) -> dict[str, Any]:
        if held:
            raise Refusal("EntityAlreadyExists", "Role with this name already exists.")
        names = ("Description", "MaxSessionDuration", "PermissionsBoundary")
        plain = {key: request[key] for key in names if key in request}
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        trust = policy(request["AssumeRolePolicyDocument"])
        self.put(request["RoleName"], tags, AssumeRolePolicyDocument=trust, **plain)
        return self.told(request["RoleName"])

    def get_role(self, request: dict[str, Any], _held: dict[str, Any]) -> dict[str, Any]:
        return self.told(request["RoleName"])

    def update_role(self, request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        # What is left out is reset (IAM API Reference, "UpdateRole").
        held["config"]["MaxSessionDuration"] = request.get("MaxSessionDuration", 3600)
        held["config"]["Description"] = request.get("Description", "")
        return {}

    def put_role_permissions_boundary(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        held["config"]["PermissionsBoundary"] = request["PermissionsBoundary"]

    def update_assume_role_policy(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        held["config"]["AssumeRolePolicyDocument"] = policy(request["PolicyDocument"])

    def delete_role(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        if held["config"]["ManagedPolicies"] or held["config"]["InlinePolicies"]:
            raise Refusal("DeleteConflict", "Cannot delete entity, must detach all policies first.")
        del self.roles[request["RoleName"]]

    def list_attached_role_policies(self, request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        arns = held["config"]["ManagedPolicies"]
        return self.listed(
            "AttachedPolicies", [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns], request
        )

    def list_role_policies(self, request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        return self.listed("PolicyNames", [*held["config"]["InlinePolicies"]], request)

    def listed(self, key: str, items: list[Any], request: dict[str, Any]) -> dict[str, Any]:
        page, marker = self.account.page(items, request.get("Marker"))
        return {key: page, "IsTruncated": bool(marker), **({"Marker": marker} if marker else {})}

    def get_role_policy(self, request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        named = {key: request[key] for key in ("RoleName", "PolicyName")}
        return {**named, "PolicyDocument": as_text(self.inline(request, held)[request["PolicyName"]])}

    def put_role_policy(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        held["config"]["InlinePolicies"][request["PolicyName"]] = policy(request["PolicyDocument"])

    def delete_role_policy(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        del self.inline(request, held)[request["PolicyName"]]

    def inline(self, request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        if request["PolicyName"] not in held["config"]["InlinePolicies"]:
            raise Refusal("NoSuchEntity", "The role policy cannot be found.")
        return held["config"]["InlinePolicies"]

    def attach_role_policy(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        held["config"]["ManagedPolicies"] = [*held["config"]["ManagedPolicies"], request["PolicyArn"]]

    def detach_role_policy(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        if request["PolicyArn"] not in held["config"]["ManagedPolicies"]:
            raise Refusal("NoSuchEntity", "Policy was not found.")
        held["config"]["ManagedPolicies"].remove(request["PolicyArn"])

    def tag_role(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        held["tags"] |= {tag["Key"]: tag["Value"] for tag in request["Tags"]}

    def untag_role(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        for key in request["TagKeys"]:
            held["tags"].pop(key, None)


def as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def as_text(document: dict[str, Any]) -> str:
    return urllib.parse.quote(json.dumps(document))


def policy(text: str) -> dict[str, Any]:
    document = json.loads(text)
    if {"Version", "Statement"} - document.keys():
        raise Refusal("MalformedPolicyDocument", "Syntax errors in policy.")
    return document
