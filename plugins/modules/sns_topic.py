#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sns_topic
version_added: 0.1.0
short_description: Encrypted Amazon SNS topics that tell people by e-mail
description:
  - Makes, changes and deletes a standard topic in Amazon SNS, with the e-mail addresses that it tells.
  - M(community.aws.sns_topic) knows other protocols and policies, but no encryption, and its check mode needs a topic.
options:
  name:
    description: Name of the topic, unique in the account and region.
    type: str
    required: true
  display_name:
    description: What its mails name as their sender, 100 characters at most. Without one that is C(AWS Notifications).
    type: str
  kms_master_key_id:
    description:
      - KMS key that messages are encrypted with as long as SNS holds them. V(alias/aws/sns) is AWS's own, with which
        everybody in the account who may publish can encrypt.
    type: str
  email_addresses:
    description:
      - Who is told. AWS mails each new one a link, and tells them nothing until they have followed it.
      - Addresses that are not named here are taken off. One whose owner has not followed the link can't be; AWS forgets
        it after some days.
    type: list
    elements: str
extends_documentation_fragment:
  - bioviewers.aws._attributes
  - bioviewers.aws._resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - bioviewers.aws._resource.tags
"""

EXAMPLES = r"""
- name: Tell two people when something fails
  bioviewers.aws.sns_topic:
    name: lab-viewer-failures
    display_name: Lab viewer
    kms_master_key_id: alias/aws/sns
    email_addresses: [ada@lab.example.org, bob@lab.example.org]
  register: failures

- name: Remove it with all its subscriptions
  bioviewers.aws.sns_topic:
    name: lab-viewer-failures
    state: absent
"""

RETURN = r"""
topic:
  description: The topic as SNS holds it.
  returned: when O(state=present)
  type: dict
  contains:
    topic_arn:
      description: ARN of the topic. A stand-in when it would be made in check mode.
      type: str
      sample: arn:aws:sns:us-east-1:123456789012:lab-viewer-failures
    name:
      description: Name of the topic.
      type: str
    display_name:
      description: What its mails name as their sender.
      type: str
    kms_master_key_id:
      description: Key that encrypts its messages.
      type: str
    email_addresses:
      description: Who is told, or will be after they have confirmed.
      type: list
      elements: str
    pending:
      description: Those of them who have not confirmed.
      type: list
      elements: str
    tags:
      description: Tags of the topic.
      type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import TAGS, Resource

# What stands for an ARN as long as nobody has confirmed (SNS API Reference, "Subscribe", and what lists show).
NO_ARN = ("PendingConfirmation", "pending confirmation")
ATTRIBUTES = ("DisplayName", "KmsMasterKeyId")


class Topic(Resource):
    service = "sns"
    noun = "topic"
    options = {
        "name": {"required": True},
        "display_name": {},
        "kms_master_key_id": {"no_log": False},
        "email_addresses": {"type": "list", "elements": "str"},
        **TAGS,
    }
    given = ("TopicArn",)

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.subscriptions: dict[str, str] = {}  # of e-mail addresses; of each its ARN

    def find(self) -> Found | None:
        listed = self.pages("list_topics", "Topics")
        arns = [topic["TopicArn"] for topic in listed if topic["TopicArn"].rpartition(":")[2] == self.name]
        return self._described(arns[0]) if arns else None

    def _described(self, arn: str) -> Found | None:
        try:
            attributes = self.call("get_topic_attributes", TopicArn=arn)["Attributes"]
        except is_boto3_error_code("NotFound"):  # lists go on for a while about what is gone
            return None
        self.subscriptions = self._listed(arn)
        tags = boto3_tag_list_to_ansible_dict(self.call("list_tags_for_resource", ResourceArn=arn)["Tags"])
        config: dict[str, Any] = {"Name": self.name, "EmailAddresses": sorted(self._counted())}
        config |= {key: attributes[key] for key in ATTRIBUTES if attributes.get(key)}
        return self._found(arn, config, tags)

    def _found(self, arn: str, config: dict[str, Any], tags: dict[str, str]) -> Found:
        pending = [each for each in config.get("EmailAddresses", []) if self.subscriptions[each] in NO_ARN]
        return Found(config, {"TopicArn": arn, "Pending": pending}, tags=tags)

    def _listed(self, arn: str) -> dict[str, str]:
        listed = self.pages("list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
        live = [each for each in listed if each["Protocol"] == "email" and each["SubscriptionArn"] != "Deleted"]
        return {each["Endpoint"]: each["SubscriptionArn"] for each in live}

    def _counted(self) -> list[str]:
        """Those that are told, and those that will be. Who never confirmed and is not wanted can't be taken off."""
        wanted = self.params["email_addresses"] or []
        return [address for address, arn in self.subscriptions.items() if arn not in NO_ARN or address in wanted]

    def create(self, config: dict[str, Any]) -> Found:
        attributes = {key: config[key] for key in ATTRIBUTES if key in config}
        tags = self._wanted_tags({})
        more = {"Tags": ansible_dict_to_boto3_tag_list(tags)} if tags else {}
        arn = self.call("create_topic", Name=self.name, Attributes=attributes, **more)["TopicArn"]
        self._subscribe(arn, config.get("EmailAddresses", []))
        return self._found(arn, config, tags)

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        arn, held = found.facts["TopicArn"], found.config
        for key in ATTRIBUTES:
            if config.get(key) != held.get(key):
                self.call("set_topic_attributes", TopicArn=arn, AttributeName=key, AttributeValue=config[key])
        self._subscribe(arn, [each for each in config["EmailAddresses"] if each not in held["EmailAddresses"]])
        for address in set(held["EmailAddresses"]) - set(config["EmailAddresses"]):
            self.call("unsubscribe", SubscriptionArn=self.subscriptions[address])
        return self._found(arn, config, found.tags)

    def _subscribe(self, arn: str, addresses: list[str]) -> None:
        for address in addresses:
            answer = self.call("subscribe", TopicArn=arn, Protocol="email", Endpoint=address)
            self.subscriptions[address] = answer["SubscriptionArn"]

    def delete(self, found: Found) -> None:
        self.call("delete_topic", TopicArn=found.facts["TopicArn"])

    def tag(self, found: Found, missing: dict[str, str], surplus: list[str]) -> None:
        arn = found.facts["TopicArn"]
        if surplus:
            self.call("untag_resource", ResourceArn=arn, TagKeys=surplus)
        if missing:
            self.call("tag_resource", ResourceArn=arn, Tags=ansible_dict_to_boto3_tag_list(missing))


main = Topic.main

if __name__ == "__main__":
    main()
