#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_key_group
version_added: 0.1.0
short_description: Groups of public keys that CloudFront distributions trust
description:
  - Makes, changes and deletes a key group in CloudFront.
  - A cache behaviour that trusts the group (M(bioviewers.aws.cloudfront_distribution)) answers only requests that
    one of the group's keys signed.
options:
  name:
    description: Name of the group, unique in the account.
    type: str
    required: true
  public_key_ids:
    description:
      - Ids of the public keys in the group, in any order. AWS calls them items. Required when O(state=present).
      - Keys that are not named here leave the group.
    type: list
    elements: str
    aliases: [items]
  comment:
    description: What the group is for.
    type: str
extends_documentation_fragment:
  - bioviewers.aws._attributes
  - bioviewers.aws._resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make the key
  bioviewers.aws.cloudfront_public_key:
    name: lab-viewer-k1
    encoded_key: "{{ lookup('ansible.builtin.file', 'k1.pub.pem') }}"
  register: key

- name: Trust it
  bioviewers.aws.cloudfront_key_group:
    name: lab-viewer
    public_key_ids: ["{{ key.public_key.id }}"]

- name: Remove a group that no distribution trusts any more
  bioviewers.aws.cloudfront_key_group:
    name: lab-viewer
    state: absent
"""

RETURN = r"""
key_group:
  description: The group as CloudFront holds it.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: Id of the group. A stand-in when it would be made in check mode.
      type: str
      sample: 2d0a3c6e-1f5b-4a0e-9c63-0f6f5b7c2f11
    name:
      description: Name of the group.
      type: str
    public_key_ids:
      description: Ids of its public keys.
      type: list
      elements: str
    comment:
      description: Comment on the group.
      type: str
    last_modified_time:
      description: When it was changed last. Missing in check mode for one that would be made.
      type: str
      sample: "2026-11-22T16:28:19+00:00"
"""

from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Spelling
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cloudfront import CloudFrontResource


class KeyGroup(CloudFrontResource):
    noun = "key group"
    options = {
        "name": {"required": True},
        "public_key_ids": {"type": "list", "elements": "str", "aliases": ["items"], "no_log": False},
        "comment": {},
    }
    spelling = Spelling({"public_key_ids": "Items"})  # `key_group.items` would be a method in a template


def main() -> None:
    KeyGroup.main(required_if=[("state", "present", ("public_key_ids",))])


if __name__ == "__main__":
    main()
