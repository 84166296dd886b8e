# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cognito_user_pool_domain
short_description: Manage the domain of an Amazon Cognito user pool
version_added: 0.1.0
description:
  - Creates, changes and deletes the domain under which a user pool shows its login pages.
    It is C(https://<domain>.auth.<region>.amazoncognito.com), or a host name of your own.
  - A pool can have one of each kind.
options:
  domain:
    description:
      - Prefix of the domain, 1 to 63 lower-case letters, digits and inner hyphens. AWS refuses the words
        V(aws), V(amazon) and V(cognito). It is unique in a region across all AWS accounts.
      - With O(custom_domain_config), the whole host name, such as V(login.lab.example.org). The domain above it must
        have an address record before.
    type: str
    required: true
  user_pool_id:
    description:
      - Id of the pool that the domain belongs to. Needed when O(state=present).
      - With O(state=absent), a domain of another pool is left alone. Without this option, the domain's pool is taken.
    type: str
  managed_login_version:
    description:
      - V(1) is the classic hosted login. V(2) is managed login, an error page until it has a branding style.
    type: int
    choices: [1, 2]
  custom_domain_config:
    description: Makes the domain a host name of your own.
    type: dict
    suboptions:
      certificate_arn:
        description: ARN of its certificate, which must be in us-east-1.
        type: str
        required: true
notes:
  - A host name of your own takes minutes, for which O(wait=true) waits, and an alias record to
    RV(user_pool_domain.cloud_front_distribution).
seealso:
  - module: bioviewers.aws.cognito_user_pool
extends_documentation_fragment:
  - bioviewers.aws._resource
  - bioviewers.aws._resource.wait
  - bioviewers.aws._attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: The pool shows its login pages at https://lab-viewer.auth.us-east-1.amazoncognito.com
  bioviewers.aws.cognito_user_pool_domain:
    domain: lab-viewer
    user_pool_id: us-east-1_AbCdEfGhI
    managed_login_version: 1

- name: The pool shows its login pages at a host name of the lab
  bioviewers.aws.cognito_user_pool_domain:
    domain: login.lab.example.org
    user_pool_id: us-east-1_AbCdEfGhI
    custom_domain_config:
      certificate_arn: arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
    wait: true

- name: Remove the domain, so that its pool can be deleted
  bioviewers.aws.cognito_user_pool_domain:
    domain: lab-viewer
    state: absent
"""

RETURN = r"""
user_pool_domain:
  description: The domain.
  returned: when O(state=present)
  type: dict
  contains:
    domain: {description: Prefix of the domain., type: str, returned: always, sample: lab-viewer}
    user_pool_id:
      description: Id of the pool that it belongs to.
      type: str
      returned: always
      sample: us-east-1_AbCdEfGhI
    managed_login_version: {description: Kind of login pages., type: int, returned: when AWS tells it, sample: 1}
    status:
      description: Status of the domain. A stand-in when it would be made in check mode.
      type: str
      returned: always
      sample: ACTIVE
    cloud_front_distribution:
      description: Host name that an alias record of a host name of your own must point to.
      type: str
      returned: when AWS tells it
      sample: d111111abcdef8.cloudfront.net
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import WAIT
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cognito import CognitoResource

FACTS = ("Status", "CloudFrontDistribution")
BUSY = ("CREATING", "UPDATING")


class UserPoolDomain(CognitoResource):
    noun = "user pool domain"
    given = ("Status",)
    options = {
        "domain": {"required": True},
        "user_pool_id": {},
        "managed_login_version": {"type": "int", "choices": [1, 2]},
        "custom_domain_config": {"type": "dict", "options": {"certificate_arn": {"required": True}}},
        **WAIT,
    }

    @property
    def name(self) -> str:
        return self.params["domain"]

    def find(self) -> Found | None:
        found = self._described()
        owner = found and found.config.get("UserPoolId", "of another AWS account")
        if found is None or self.params["user_pool_id"] in (None, owner):
            return found
        if self.params["state"] == "absent":
            return None
        raise AnsibleAWSError(message=f"It belongs to user pool {owner}. Choose another prefix, or delete it there.")

    def create(self, config: dict[str, Any]) -> Found:
        self.call("create_user_pool_domain", **config)
        return self._described() or Found(config)

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        self.call("update_user_pool_domain", **config)
        return Found(config, found.facts)

    def delete(self, found: Found) -> None:
        self.call("delete_user_pool_domain", Domain=self.name, UserPoolId=found.config["UserPoolId"])

    def wait(self, found: Found) -> Found:
        return self.until(self._active, "active")

    def _active(self) -> Found | None:
        found = self._described()
        status = found.facts["Status"] if found else BUSY[0]  # so new that AWS does not know it everywhere
        if status not in (*BUSY, "ACTIVE"):
            raise AnsibleAWSError(message=f"It is {status}. Delete it, correct the cause, then run again.")
        return found if status == "ACTIVE" else None

    def _described(self) -> Found | None:
        # AWS answers with an empty description for a domain that nobody has.
        answer = self.unless_gone(lambda: self.call("describe_user_pool_domain", Domain=self.name))
        domain = answer and answer.get("DomainDescription")
        if not domain:
            return None
        facts = {key: domain[key] for key in FACTS if domain.get(key)}
        return Found(self.accepted("UpdateUserPoolDomain", domain), facts)


def main() -> None:
    UserPoolDomain.main(required_if=[("state", "present", ["user_pool_id"])])


if __name__ == "__main__":
    main()
