#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lambda_function
version_added: 0.1.0
short_description: Lambda functions, with their code and who may invoke them
description:
  - Makes, changes and deletes a Lambda function, whose code is in files on the controller, together with the statements
    of its resource policy.
  - M(amazon.aws.lambda) wants the files packed beforehand, and M(amazon.aws.lambda_policy) tells of a change in check
    mode only in a fact.
options:
  name:
    description: Name of the function.
    type: str
    required: true
  description:
    description: What the function is for.
    type: str
  role:
    description: ARN of the execution role. Required when the function is made.
    type: str
  runtime:
    description: Runtime of the function. Required when the function is made.
    type: str
  architecture:
    description: Instruction set of the function.
    type: str
    choices: [x86_64, arm64]
  handler:
    description: Method that Lambda calls. Required when the function is made.
    type: str
  timeout:
    description: How many seconds the function may run.
    type: int
  memory_size:
    description: How many MB of memory the function has.
    type: int
  sources:
    description: Files with the code, which are packed side by side. Required when the function is made.
    type: list
    elements: path
  environment_variables:
    description: Variables of the function's environment. All others are removed.
    type: dict
  permissions:
    description:
      - Who may invoke the function, by the Sids of the statements. All others are removed.
      - Each is a dictionary of C(principal), C(source_arn) and C(source_account).
    type: dict
extends_documentation_fragment:
  - bioviewers.aws._attributes
  - bioviewers.aws._resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - bioviewers.aws._resource.tags
"""

EXAMPLES = r"""
- name: Create the function that decides who may sign in
  bioviewers.aws.lambda_function:
    name: lab-viewer-sign-in
    role: arn:aws:iam::123456789012:role/lab-viewer-sign-in
    runtime: python3.13
    architecture: arm64
    handler: sign_in.handler
    timeout: 5
    sources: [files/sign_in.py]
    permissions:
      user-pool:
        principal: cognito-idp.amazonaws.com
        source_arn: arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEfGhI
        source_account: "123456789012"

- name: Remove the function
  bioviewers.aws.lambda_function:
    name: lab-viewer-sign-in
    state: absent
"""

RETURN = r"""
function:
  description: The function as Lambda holds it; its permissions are told if they were asked for.
  returned: when O(state=present)
  type: dict
  contains:
    function_name:
      description: Name of the function.
      type: str
    function_arn:
      description:
        - ARN of the function.
        - A stand-in when the function would be made in check mode.
      type: str
      sample: arn:aws:lambda:us-east-1:123456789012:function:lab-viewer-sign-in
    code_sha256:
      description: Digest of the packed code, in Base64.
      type: str
    tags:
      description: Tags of the function.
      type: dict
"""

import base64
import hashlib
import io
import json
import pathlib
import zipfile
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found, Spelling
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import TAGS, Passing, Resource

CODE = "CodeSha256"
VARIABLES = "EnvironmentVariables"
PERMISSIONS = "Permissions"
NEEDED = ("Role", "Runtime", "Handler", CODE)
PLAIN = ("Description", "Role", "Runtime", "Handler", "Timeout", "MemorySize")
# The earliest time that a zip can hold.
EPOCH = (1980, 1, 1, 0, 0, 0)


def packed(sources: list[str]) -> bytes:
    """An archive of files: the same bytes on any machine, so not compressed, as zlib's output differs."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        for file in map(pathlib.Path, sources):
            entry = zipfile.ZipInfo(file.name, EPOCH)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            opened.writestr(entry, file.read_bytes())
    return archive.getvalue()


def digest(content: bytes) -> str:
    """As Lambda tells it."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def permission(statement: dict[str, Any]) -> dict[str, str]:
    """A statement of the resource policy in the words of the option."""
    condition, principal = statement.get("Condition", {}), statement["Principal"]
    whole = {
        "principal": principal.get("Service") or principal.get("AWS") if isinstance(principal, dict) else principal,
        "source_arn": condition.get("ArnLike", {}).get("AWS:SourceArn"),
        "source_account": condition.get("StringEquals", {}).get("AWS:SourceAccount"),
    }
    return {key: value for key, value in whole.items() if value}


class Function(Resource):
    service = "lambda"
    noun = "function"
    options = {
        "name": {"required": True},
        "description": {},
        "role": {},
        "runtime": {},
        "architecture": {"choices": ["x86_64", "arm64"]},
        "handler": {},
        "timeout": {"type": "int"},
        "memory_size": {"type": "int"},
        "sources": {"type": "list", "elements": "path"},
        "environment_variables": {"type": "dict"},
        "permissions": {"type": "dict"},
        **TAGS,
    }
    given = ("FunctionArn",)
    spelling = Spelling({"name": "FunctionName", "code_sha256": CODE}, verbatim=frozenset({VARIABLES, PERMISSIONS}))
    retry_on = (
        # Lambda, and KMS for the environment's variables, learn of a new role seconds after IAM (IAM User Guide,
        # "Troubleshoot IAM").
        Passing("InvalidParameterValueException", "cannot be assumed"),
        Passing("InvalidParameterValueException", "KMS key is invalid for CreateGrant"),
        # While one change is under way Lambda takes no other (Lambda Developer Guide, "Lambda function states").
        Passing("ResourceConflictException", "cannot be performed at this time", seconds=120),
    )

    def desired(self) -> dict[str, Any]:
        asked = super().desired()
        if sources := asked.pop("Sources", None):
            asked[CODE] = digest(packed(sources))
        return asked

    def merged(self, held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        """Variables and permissions that are not asked for go."""
        return {**super().merged(held, asked), **{key: asked[key] for key in (VARIABLES, PERMISSIONS) if key in asked}}

    def find(self) -> Found | None:
        try:
            function = self.call("get_function", FunctionName=self.name)["Configuration"]
        except is_boto3_error_code("ResourceNotFoundException"):
            return None
        config = {key: function[key] for key in ("FunctionName", CODE, *PLAIN) if key in function}
        config["Architecture"] = function.get("Architectures", ["x86_64"])[0]
        config[VARIABLES] = function.get("Environment", {}).get("Variables", {})
        if self.params["permissions"] is not None:
            config[PERMISSIONS] = self._permissions()
        arn = function["FunctionArn"]
        tags = {} if self.params["state"] == "absent" else self.call("list_tags", Resource=arn)["Tags"]
        return Found(config, {"FunctionArn": arn}, tags=tags)

    def _permissions(self) -> dict[str, dict[str, str]]:
        try:
            policy = json.loads(self.call("get_policy", FunctionName=self.name)["Policy"])
        except is_boto3_error_code("ResourceNotFoundException"):
            return {}
        return {statement["Sid"]: permission(statement) for statement in policy["Statement"]}

    def create(self, config: dict[str, Any]) -> Found:
        if missing := [key for key in NEEDED if key not in config]:
            raise AnsibleAWSError(message=f"To make a function, more is needed: {', '.join(missing)}.")
        tags = self._wanted_tags({})
        request = {**self._configuration(config), **self._code(config), **({"Tags": tags} if tags else {})}
        request["Code"] = {"ZipFile": request.pop("ZipFile")}
        made = self.call("create_function", **request)
        self._set_permissions({}, config)
        return Found(config, {"FunctionArn": made["FunctionArn"]}, tags=tags)

    def _configuration(self, config: dict[str, Any]) -> dict[str, Any]:
        plain = {key: config[key] for key in ("FunctionName", *PLAIN) if key in config}
        return {**plain, **({"Environment": {"Variables": config[VARIABLES]}} if VARIABLES in config else {})}

    def _code(self, config: dict[str, Any]) -> dict[str, Any]:
        architecture = {"Architectures": [config["Architecture"]]} if "Architecture" in config else {}
        return {"ZipFile": packed(self.params["sources"]), **architecture}

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        held = found.config
        if any(config[key] != held.get(key) for key in ("Architecture", CODE)):
            self.call("update_function_code", FunctionName=self.name, **self._code(config))
        if self._configuration(config) != self._configuration(held):
            self.call("update_function_configuration", **self._configuration(config))
        self._set_permissions(held, config)
        return Found(config, found.facts, tags=found.tags)

    def _set_permissions(self, held: dict[str, Any], config: dict[str, Any]) -> None:
        before, after = held.get(PERMISSIONS, {}), config.get(PERMISSIONS, {})
        for sid in sorted(sid for sid in before if before[sid] != after.get(sid)):
            self.call("remove_permission", FunctionName=self.name, StatementId=sid)
        for sid in sorted(sid for sid in after if before.get(sid) != after[sid]):
            named = {"FunctionName": self.name, "StatementId": sid, "Action": "lambda:InvokeFunction"}
            self.call("add_permission", **named, **self.spelling.api(after[sid]))

    def delete(self, found: Found) -> None:
        self.call("delete_function", FunctionName=self.name)

    def tag(self, found: Found, missing: dict[str, str], surplus: list[str]) -> None:
        arn = found.facts["FunctionArn"]
        if surplus:
            self.call("untag_resource", Resource=arn, TagKeys=surplus)
        if missing:
            self.call("tag_resource", Resource=arn, Tags=missing)


main = Function.main

if __name__ == "__main__":
    main()
