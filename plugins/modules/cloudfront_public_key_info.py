# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_public_key_info
short_description: List the public keys that CloudFront has
version_added: 0.1.0
description:
  - Lists the public keys of the account, whether or not a key group has them.
options:
  name_prefix:
    description: List only those whose names start so.
    type: str
    default: ""
author:
  - Contributors to bioviewers.aws (@bioviewers)
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the predicted changed status without changing anything.
    support: full
  diff_mode:
    description: Returns what has changed, or would change in C(check_mode), when in diff mode.
    support: none
  idempotent:
    description: When run twice in a row without outside changes, the second run changes nothing.
    support: full
seealso:
  - module: bioviewers.aws.cloudfront_public_key
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Which keys there are
  bioviewers.aws.cloudfront_public_key_info:
    name_prefix: lab-viewer-
  register: found
"""

RETURN = r"""
public_keys:
  description: The keys, by name.
  type: list
  elements: dict
  returned: always
  contains:
    id: {description: Id of the key., type: str, returned: always, sample: K2JCJMDEHXQW5F}
    name: {description: Name of the key., type: str, returned: always, sample: lab-viewer-k1-3f9a1c20}
    encoded_key: {description: The key in PEM form., type: str, returned: always}
    comment: {description: Comment on the key., type: str, returned: always}
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bioviewers.aws.plugins.module_utils._cloudfront import CloudFrontResource

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    BotoCoreError = ClientError = Exception  # AnsibleAWSModule says what is missing

OPTIONS = {"name_prefix": {"default": ""}}


class PublicKeys(CloudFrontResource):
    noun = "public key"


def told(key: dict[str, Any]) -> dict[str, str]:
    """A key in the words of this module."""
    return {
        "id": key["Id"],
        "name": key["Name"],
        "encoded_key": key["EncodedKey"],
        "comment": key.get("Comment", ""),
    }


def main() -> None:
    module = AnsibleAWSModule(argument_spec=OPTIONS, supports_check_mode=True)
    prefix = module.params["name_prefix"]
    try:
        found = [told(key) for key in PublicKeys(module).summaries() if key["Name"].startswith(prefix)]
    except (BotoCoreError, ClientError) as error:
        module.fail_json_aws(error, msg="Failed to list the public keys of CloudFront")
    module.exit_json(public_keys=sorted(found, key=lambda key: key["name"]))


if __name__ == "__main__":
    main()
