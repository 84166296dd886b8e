#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cognito_user_pool_client_info
short_description: Tell what a program needs to sign people in with an app client
version_added: 0.1.0
description:
  - Reads one app client of an Amazon Cognito user pool, with its secret if it has one.
  - For a program that runs elsewhere and must be told, such as one on people's desks.
options:
  user_pool_id:
    description: Id of the pool.
    type: str
    required: true
  client_id:
    description: Id of the app client.
    type: str
    required: true
notes:
  - The result holds the secret. Give the task C(no_log=true), and write the secret nowhere that others can read.
author:
  - Contributors to bioviewers.aws (@bioviewers)
seealso:
  - module: bioviewers.aws.cognito_user_pool_client
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - bioviewers.aws._attributes.read_only
"""

EXAMPLES = r"""
- name: Read the app client of a desktop program
  bioviewers.aws.cognito_user_pool_client_info:
    user_pool_id: us-east-1_AbCdEfGhI
    client_id: 1h57kf5cpq17m0eml12EXAMPLE
  register: app_client
  no_log: true
"""

RETURN = r"""
client_id: {description: Id of the app client., type: str, returned: always, sample: 1h57kf5cpq17m0eml12EXAMPLE}
client_secret:
  description: Its secret. Empty if it has none.
  type: str
  returned: always
callback_urls:
  description: Addresses that a sign-in may return to.
  type: list
  elements: str
  returned: always
  sample: ["http://localhost:60151/oauthCallback"]
allowed_oauth_scopes:
  description: Scopes that it may ask for.
  type: list
  elements: str
  returned: always
  sample: [openid, email, profile]
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.reader import AwsReader, errors_fail

OPTIONS = {"user_pool_id": {"required": True}, "client_id": {"required": True}}


def main() -> None:
    module = AnsibleAWSModule(argument_spec=OPTIONS, supports_check_mode=True)
    aws = AwsReader(module.client, module.region)
    asked = {"UserPoolId": module.params["user_pool_id"], "ClientId": module.params["client_id"]}
    with errors_fail(module, f"read the app client {asked['ClientId']}"):
        client = aws.call("cognito-idp", "describe_user_pool_client", **asked)["UserPoolClient"]
    module.exit_json(
        client_id=client["ClientId"],
        client_secret=client.get("ClientSecret", ""),
        callback_urls=client.get("CallbackURLs", []),
        allowed_oauth_scopes=client.get("AllowedOAuthScopes", []),
    )


if __name__ == "__main__":
    main()
