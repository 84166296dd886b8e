# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cognito_user_info
short_description: List the users of an Amazon Cognito user pool
version_added: 0.1.0
description:
  - Lists the users of a pool, those of its own and those who came from an identity provider.
  - Fails if there is no pool of that name.
options:
  user_pool_name:
    description: Name of the pool.
    type: str
    required: true
  email:
    description:
      - List only those with this address, capitals aside. Several users can have it, each from another provider.
    type: str
author:
  - Contributors to bioviewers.aws (@bioviewers)
seealso:
  - module: bioviewers.aws.cognito_user
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - bioviewers.aws._attributes.read_only
"""

EXAMPLES = r"""
- name: Who is in the pool
  bioviewers.aws.cognito_user_info:
    user_pool_name: lab-viewer
  register: people

- name: Whose address this is
  bioviewers.aws.cognito_user_info:
    user_pool_name: lab-viewer
    email: ada@example.org
"""

RETURN = r"""
user_pool_id: {description: Id of the pool., type: str, returned: always, sample: us-east-1_AbCdEfGhI}
users:
  description: The users, by address.
  type: list
  elements: dict
  returned: always
  contains:
    username:
      description: Name of the user.
      type: str
      returned: always
      sample: Google_110248495921238986420
    email: {description: The user's address, type: str, returned: always, sample: ada@example.org}
    providers:
      description: Who knows the user. V(Cognito) is the pool itself.
      type: list
      elements: str
      returned: always
      sample: [Google]
    status: {description: Where the user stands., type: str, returned: always, sample: EXTERNAL_PROVIDER}
    enabled: {description: Whether the user can sign in., type: bool, returned: always}
    attributes: {description: Attributes of the user., type: dict, returned: always}
    changed_at:
      description: When the user was changed last.
      type: str
      returned: always
      sample: "2026-03-04T05:06:07+00:00"
"""

import datetime
import json
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.reader import AwsReader, errors_fail
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cognito import PAGE, attributes_of

OPTIONS = {"user_pool_name": {"required": True}, "email": {}}


def pool_id(aws: AwsReader, name: str, module: AnsibleAWSModule) -> str:
    pools = aws.pages("cognito-idp", "list_user_pools", "UserPools", **PAGE)
    ids = [pool["Id"] for pool in pools if pool["Name"] == name]
    if len(ids) != 1:
        module.fail_json(msg=f"{len(ids) or 'No'} user pools are named {name} in {module.region}.")
    return ids[0]


def told(user: dict[str, Any]) -> dict[str, Any]:
    """A user in the words of this module."""
    attributes = attributes_of(user)
    identities = json.loads(attributes.get("identities", "[]"))
    return {
        "username": user["Username"],
        "email": attributes.get("email", ""),
        "providers": [each["providerName"] for each in identities] or ["Cognito"],
        "status": user["UserStatus"],
        "enabled": user["Enabled"],
        "attributes": attributes,
        "changed_at": user["UserLastModifiedDate"].astimezone(datetime.UTC).isoformat(timespec="seconds"),
    }


def wanted(user: dict[str, Any], email: str | None) -> bool:
    return email is None or user["email"].lower() == email.lower()


def main() -> None:
    module = AnsibleAWSModule(argument_spec=OPTIONS, supports_check_mode=True)
    aws = AwsReader(module.client, module.region)
    with errors_fail(module, f"list the users of {module.params['user_pool_name']}"):
        found = pool_id(aws, module.params["user_pool_name"], module)
        users = [told(user) for user in aws.pages("cognito-idp", "list_users", "Users", UserPoolId=found)]
    chosen = [user for user in users if wanted(user, module.params["email"])]
    module.exit_json(user_pool_id=found, users=sorted(chosen, key=lambda user: (user["email"], user["username"])))


if __name__ == "__main__":
    main()
