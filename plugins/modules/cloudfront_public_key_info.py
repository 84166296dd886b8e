#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_public_key_info
short_description: List the public keys of CloudFront
version_added: 0.1.0
description:
  - Lists the public keys of the account, by name. Public keys have no tags, so that names tell whose they are.
options: {}
author:
  - Contributors to bioviewers.aws (@bioviewers)
seealso:
  - module: bioviewers.aws.cloudfront_public_key
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - bioviewers.aws._attributes.read_only
"""

EXAMPLES = r"""
- name: Which public keys there are
  bioviewers.aws.cloudfront_public_key_info: {}
  register: keys
"""

RETURN = r"""
public_keys:
  description: The public keys, by name.
  returned: always
  type: list
  elements: dict
  contains:
    id: {description: Id of the key., type: str, returned: always, sample: K2JCJMDEHXQW5F}
    name: {description: Name of the key., type: str, returned: always, sample: lab-viewer-k1-3f9a1c20}
    comment: {description: Comment on the key., type: str, returned: always}
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.reader import AwsReader, errors_fail

OPTIONS: dict[str, Any] = {}


def told(key: dict[str, Any]) -> dict[str, str]:
    """A key in the words of this module."""
    return {"id": key["Id"], "name": key["Name"], "comment": key.get("Comment", "")}


def main() -> None:
    module = AnsibleAWSModule(argument_spec=OPTIONS, supports_check_mode=True)
    with errors_fail(module, "list the public keys of CloudFront"):
        held = AwsReader(module.client).pages("cloudfront", "list_public_keys", "PublicKeyList.Items")
    module.exit_json(public_keys=sorted(map(told, held), key=lambda key: key["name"]))


if __name__ == "__main__":
    main()
