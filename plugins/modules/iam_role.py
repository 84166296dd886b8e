#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_role
version_added: 0.1.0
short_description: IAM roles with all that they may do
description:
  - Makes, changes and deletes an IAM role together with its trust policy, its inline policies and the managed policies
    that are attached to it, so that one task says all that the role may do, in check mode too.
  - M(amazon.aws.iam_role) has no inline policies. M(amazon.aws.iam_policy) fails in check mode for a role that is not
    made yet, and leaves policies that somebody added.
options:
  name:
    description: Name of the role, unique in the account.
    type: str
    required: true
  description:
    description: What the role is for.
    type: str
  assume_role_policy_document:
    description: Trust policy, which says who may assume the role. Required when the role is made.
    type: dict
  max_session_duration:
    description: How many seconds a session of the role may last at most.
    type: int
  permissions_boundary:
    description: ARN of the managed policy that limits what the role's own policies can allow.
    type: str
  managed_policies:
    description: ARNs of the managed policies that are attached. All others are detached.
    type: list
    elements: str
  inline_policies:
    description: Inline policies by their names. All others are deleted.
    type: dict
  purge_managed_policies:
    description: Whether managed policies that are not asked for are detached. An organization may attach its own.
    type: bool
    default: true
extends_documentation_fragment:
  - bioviewers.aws._attributes
  - bioviewers.aws._resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - bioviewers.aws._resource.tags
"""

EXAMPLES = r"""
- name: Create the role of an instance that Systems Manager reaches
  bioviewers.aws.iam_role:
    name: lab-viewer
    description: What the instance may do
    assume_role_policy_document:
      Version: "2012-10-17"
      Statement:
        - {Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: "sts:AssumeRole"}
    managed_policies: [arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore]
    inline_policies:
      parameters:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Action: ssm:GetParameter
            Resource: arn:aws:ssm:us-east-1:123456789012:parameter/lab-viewer/*
    tags: {project: lab-viewer}

- name: Remove the role
  bioviewers.aws.iam_role:
    name: lab-viewer
    state: absent
"""

RETURN = r"""
role:
  description: The role as IAM holds it; policies are told if they were asked for.
  returned: when O(state=present)
  type: dict
  contains:
    role_name:
      description: Name of the role.
      type: str
    arn:
      description:
        - ARN of the role.
        - A stand-in when the role would be made in check mode.
      type: str
      sample: arn:aws:iam::123456789012:role/lab-viewer
    role_id:
      description:
        - Id of the role.
        - A stand-in when the role would be made in check mode.
      type: str
    description:
      description: What the role is for.
      type: str
    assume_role_policy_document:
      description: Trust policy.
      type: dict
    max_session_duration:
      description: How many seconds a session may last.
      type: int
    permissions_boundary:
      description: ARN of the managed policy that limits the role, if it has one.
      type: str
    managed_policies:
      description: ARNs of the attached managed policies.
      type: list
      elements: str
    inline_policies:
      description: Inline policies by their names.
      type: dict
    tags:
      description: Tags of the role.
      type: dict
"""

import json
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.policy import compare_policies
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found, Spelling
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import TAGS, Passing, Resource

TRUST = "AssumeRolePolicyDocument"
INLINE = "InlinePolicies"
MANAGED = "ManagedPolicies"
BOUNDARY = "PermissionsBoundary"
PLAIN = ("Description", "MaxSessionDuration")


def same(held: Any, asked: Any) -> bool:
    """Whether two policies mean the same."""
    return held is not None and not compare_policies(held, asked)


class Role(Resource):
    service = "iam"
    noun = "role"
    options = {
        "name": {"required": True},
        "description": {},
        "assume_role_policy_document": {"type": "dict"},
        "max_session_duration": {"type": "int"},
        "permissions_boundary": {},
        "managed_policies": {"type": "list", "elements": "str"},
        "inline_policies": {"type": "dict"},
        "purge_managed_policies": {"type": "bool", "default": True},
        **TAGS,
    }
    given = ("Arn", "RoleId")
    spelling = Spelling({"name": "RoleName"}, verbatim=frozenset({TRUST, INLINE}))
    retry_on = (Passing("ConcurrentModification"),)

    def desired(self) -> dict[str, Any]:
        """Without the option that says what to do."""
        return {key: value for key, value in super().desired().items() if key != "PurgeManagedPolicies"}

    def merged(self, held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        """A policy replaces another, and is that other one if it means the same."""
        whole = super().merged(held, asked)
        if TRUST in asked:
            whole[TRUST] = held[TRUST] if same(held[TRUST], asked[TRUST]) else asked[TRUST]
        if INLINE in asked:
            before = held[INLINE]
            whole[INLINE] = {
                name: before[name] if same(before.get(name), policy) else policy
                for name, policy in asked[INLINE].items()
            }
        if MANAGED in asked and not self.params["purge_managed_policies"]:
            whole[MANAGED] = [*held[MANAGED], *(arn for arn in asked[MANAGED] if arn not in held[MANAGED])]
        return whole

    def find(self) -> Found | None:
        try:
            role = self.call("get_role", RoleName=self.name)["Role"]
        except is_boto3_error_code("NoSuchEntity"):
            return None
        config = {"RoleName": self.name, TRUST: role[TRUST], **{key: role[key] for key in PLAIN if key in role}}
        if BOUNDARY in role:
            config[BOUNDARY] = role[BOUNDARY]["PermissionsBoundaryArn"]
        everything = self.params["state"] == "absent"
        if everything or self.params["managed_policies"] is not None:
            config[MANAGED] = [
                each["PolicyArn"] for each in self._listed("list_attached_role_policies", "AttachedPolicies")
            ]
        if everything or self.params["inline_policies"] is not None:
            config[INLINE] = {name: self._inline(name) for name in self._listed("list_role_policies", "PolicyNames")}
        tags = boto3_tag_list_to_ansible_dict(role.get("Tags", []))
        return Found(config, {key: role[key] for key in self.given}, tags=tags)

    def _listed(self, operation: str, key: str) -> list[Any]:
        """The items of all pages, which IAM marks in its own way."""
        items, marker = [], {}
        while marker is not None:
            page = self.call(operation, RoleName=self.name, **marker)
            items += page[key]
            marker = {"Marker": page["Marker"]} if page["IsTruncated"] else None
        return items

    def _inline(self, policy: str) -> dict[str, Any]:
        """The policy; of a role that goes its name is enough."""
        if self.params["state"] == "absent":
            return {}
        return self.call("get_role_policy", RoleName=self.name, PolicyName=policy)["PolicyDocument"]

    def create(self, config: dict[str, Any]) -> Found:
        if TRUST not in config:
            raise AnsibleAWSError(message="To make a role, assume_role_policy_document is needed.")
        tags = self._wanted_tags({})
        more = {"Tags": ansible_dict_to_boto3_tag_list(tags)} if tags else {}
        plain = {key: config[key] for key in (*PLAIN, BOUNDARY) if key in config}
        trust = json.dumps(config[TRUST])
        role = self.call("create_role", RoleName=self.name, AssumeRolePolicyDocument=trust, **plain, **more)["Role"]
        self._set_policies({}, config)
        return Found(config, {key: role[key] for key in self.given}, tags=tags)

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        held = found.config
        if config[TRUST] != held[TRUST]:
            policy = json.dumps(config[TRUST])
            self.call("update_assume_role_policy", RoleName=self.name, PolicyDocument=policy)
        plain = {key: config[key] for key in PLAIN if key in config}
        if any(held.get(key) != value for key, value in plain.items()):
            self.call("update_role", RoleName=self.name, **plain)
        if config.get(BOUNDARY) != held.get(BOUNDARY):
            limit = config[BOUNDARY]
            self.call("put_role_permissions_boundary", RoleName=self.name, PermissionsBoundary=limit)
        self._set_policies(held, config)
        return Found(config, found.facts, tags=found.tags)

    def _set_policies(self, held: dict[str, Any], config: dict[str, Any]) -> None:
        """What is to go goes first, so that a role never may do more than either."""
        before, after = ({INLINE: {}, MANAGED: [], **each} for each in (held, config))
        for arn in sorted({*before[MANAGED]} - {*after[MANAGED]}):
            self.call("detach_role_policy", RoleName=self.name, PolicyArn=arn)
        for name in sorted({*before[INLINE]} - {*after[INLINE]}):
            self.call("delete_role_policy", RoleName=self.name, PolicyName=name)
        for arn in sorted({*after[MANAGED]} - {*before[MANAGED]}):
            self.call("attach_role_policy", RoleName=self.name, PolicyArn=arn)
        for name, policy in after[INLINE].items():
            if policy != before[INLINE].get(name):
                text = json.dumps(policy)
                self.call("put_role_policy", RoleName=self.name, PolicyName=name, PolicyDocument=text)

    def delete(self, found: Found) -> None:
        self._set_policies(found.config, {})
        self.call("delete_role", RoleName=self.name)

    def tag(self, found: Found, missing: dict[str, str], surplus: list[str]) -> None:
        if surplus:
            self.call("untag_role", RoleName=self.name, TagKeys=surplus)
        if missing:
            self.call("tag_role", RoleName=self.name, Tags=ansible_dict_to_boto3_tag_list(missing))


main = Role.main

if __name__ == "__main__":
    main()
