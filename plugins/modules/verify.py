# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: verify
short_description: Test every claim that is made of a deployment
version_added: 0.2.0
description:
  - Looks at a deployment from outside, as a visitor who has not signed in, and through AWS's API, and compares what it
    sees with what it should be. It only reads.
  - All checks run. One that fails does not stop the others; the task fails at the end, naming each line that failed and
    what to do.
  - What can't be tested, because a right is missing or a name does not answer, counts as failed; what needs something
    that was not given (a user, the signing key) is skipped, and the report says so.
  - Resources are found by O(project), from which the roles make all names.
options:
  project:
    description: Name of the deployment.
    type: str
    required: true
  aws_account_id:
    description: Account of the deployment.
    type: str
    required: true
  domain:
    description: Domain for which the cookies are.
    type: str
    required: true
  site_domain:
    description: Host name of the viewer.
    type: str
    required: true
  data_domain:
    description: Host name of the data.
    type: str
    required: true
  login_domain:
    description: Host name of the login.
    type: str
    required: true
  data_bucket:
    description: Private bucket with the data.
    type: str
    required: true
  staging_bucket:
    description: Bucket that carries files to the instance.
    type: str
    required: true
  port:
    description: Port on which the instance answers the load balancer.
    type: int
    required: true
  signing_keys:
    description: Labels of the keys that sign the cookies. The first signs, all are trusted.
    type: list
    elements: str
    required: true
  signing_key_path:
    description: Path in Parameter Store below which the keys are.
    type: str
    required: true
  identity_providers:
    description: What people sign in with, V(COGNITO) or V(Google).
    type: list
    elements: str
    required: true
  client_cidrs:
    description: Networks that may reach the load balancer.
    type: list
    elements: str
    required: true
  public_paths:
    description: Paths that need no sign-in, as the load balancer's rules have them.
    type: list
    elements: str
    required: true
  deny_paths:
    description: Paths that are refused to who is not signed in.
    type: list
    elements: str
    required: true
  ssl_policy:
    description: TLS policy of the HTTPS listener.
    type: str
    required: true
  session_timeout:
    description: Seconds after which people have to sign in again.
    type: int
    required: true
  cookie_life:
    description: Seconds that a cookie for the data lives at most.
    type: int
    required: true
  hsts_max_age:
    description: Least max-age of Strict-Transport-Security.
    type: int
    required: true
  role_policies:
    description: Names of the policies that the instance's role holds, and no others.
    type: dict
    required: true
    suboptions:
      managed:
        description: Those that are attached to it.
        type: list
        elements: str
        required: true
      inline:
        description: Those that are its own.
        type: list
        elements: str
        required: true
  failure_emails:
    description: Who is told by e-mail what fails on the instance.
    type: list
    elements: str
    default: []
  triggers:
    description: Functions that the user pool calls, by the names of Cognito's triggers; no others may be there.
    type: dict
    default: {}
  other_app_clients:
    description: App clients that may log people in to the user pool too, as IGV's does where it shares the pool.
    type: list
    elements: str
    default: []
  protect_load_balancer:
    description: Whether the load balancer must be protected against deletion.
    type: bool
    default: true
  protect_instance:
    description: Whether the instance must be protected against termination.
    type: bool
    default: true
  protect_user_pool:
    description: Whether the user pool must be protected against deletion.
    type: bool
    default: true
  least_days:
    description: Days that certificates must still be good for.
    type: int
    default: 21
  use_signing_key:
    description:
      - Whether the private signing key may be read from Parameter Store, to make a good cookie, and bad ones that have
        just one fault. It stays in memory.
      - Without it, what needs a good cookie is skipped, and bad ones are signed with a key that is thrown away.
    type: bool
    default: false
  tell_only:
    description: Whether to tell only what would be looked at, as for a dry run of what is not made yet.
    type: bool
    default: false
  test_user:
    description: User of the pool to sign in as, to see the cookies that are handed out. Without one, that is skipped.
    type: str
  test_password:
    description: The password of O(test_user).
    type: str
  wait_timeout:
    description:
      - How many seconds to look again at what failed and can take time to come true (names, certificates, targets).
      - V(0) is for monitoring.
    type: int
    default: 0
  report_dir:
    description:
      - Directory, made if it is missing, for the report as V(verify.json) and V(verify.html). Without one, or in check
        mode, none is written.
      - It names hosts, resources and faults, but no secrets.
    type: path
requirements:
  - cryptography
author:
  - Contributors to bioviewers.aws (@bioviewers)
seealso:
  - module: bioviewers.aws.preflight
attributes:
  check_mode:
    description: Can run in C(check_mode); it only reads, with and without.
    support: full
    details: In check mode no report is written.
  diff_mode:
    description: Returns what has changed when in diff mode.
    support: N/A
    details: Nothing is ever changed.
  idempotent:
    description: When run twice in a row without outside changes, the second run changes nothing.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
# What the playbook bioviewers.aws.verify does, with values from the inventory.
- name: Test every claim
  bioviewers.aws.verify:
    project: lab-viewer
    aws_account_id: "111122223333"
    region: us-east-1
    domain: lab.example.org
    site_domain: neuroglancer.lab.example.org
    data_domain: data.lab.example.org
    login_domain: lab-viewer-111122223333.auth.us-east-1.amazoncognito.com
    data_bucket: lab-private-data
    staging_bucket: lab-viewer-ssm-111122223333-us-east-1
    port: 8443
    signing_keys: [k1]
    signing_key_path: /lab-viewer/cookie-signing-keys
    identity_providers: [COGNITO]
    client_cidrs: [0.0.0.0/0]
    public_paths: [/, /index.html, /assets/*]
    deny_paths: [/session, /settings.json]
    ssl_policy: ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09
    session_timeout: 604800
    cookie_life: 3600
    hsts_max_age: 31536000
    role_policies:
      managed: [AmazonSSMManagedInstanceCore]
      inline: [parameters]
    report_dir: reports
"""

RETURN = r"""
checks:
  description: What came of each check, in order.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: Name of the line., type: str, returned: always, sample: bucket-block}
    part: {description: What it is about., type: str, returned: always, sample: The buckets}
    outcome: {description: "V(ok), V(failed) or V(skipped).", type: str, returned: always, sample: failed}
    claim:
      description: What is claimed.
      type: str
      returned: always
      sample: All four settings of the public access block of lab-private-data are on.
    how: {description: How it was tested., type: str, returned: always, sample: S3's GetPublicAccessBlock}
    reasons:
      description: What is wrong, or why it was skipped.
      type: list
      elements: str
      returned: always
      sample: [it does not block all public access (BlockPublicPolicy off)]
    todo:
      description: What to do. Empty if it did not fail.
      type: str
      returned: always
      sample: Turn on all four settings of the bucket's public access block.
    seconds: {description: How long it took., type: float, returned: always, sample: 0.08}
lines:
  description: The same for the console, a line for each check and the sum.
  returned: always
  type: list
  elements: str
  sample: ["ok      bucket-block             All four settings of the public access block of lab-private-data are on."]
report:
  description: The page that was written.
  returned: when O(report_dir) was given, not in check mode
  type: str
  sample: reports/verify.html
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import report
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import FAILED, Sight, run
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import verify as verify_bucket
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.distribution import (
    verify as verify_distribution,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.distribution import verify_data
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns import verify as verify_dns
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.instance import verify as verify_instance
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.load_balancer import (
    verify as verify_load_balancer,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.load_balancer import verify_site
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.notifications import (
    verify as verify_notifications,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import verify as verify_user_pool
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import verify_login

NEEDED = {"required": True}
NAMES = {"type": "list", "elements": "str", "required": True}
NUMBER = {"type": "int", "required": True}
OPTIONS: dict[str, dict[str, Any]] = {
    "project": NEEDED,
    "aws_account_id": NEEDED,
    "domain": NEEDED,
    "site_domain": NEEDED,
    "data_domain": NEEDED,
    "login_domain": NEEDED,
    "data_bucket": NEEDED,
    "staging_bucket": NEEDED,
    "port": NUMBER,
    "signing_keys": {**NAMES, "no_log": False},
    "signing_key_path": {"required": True, "no_log": False},
    "identity_providers": NAMES,
    "client_cidrs": NAMES,
    "public_paths": NAMES,
    "deny_paths": NAMES,
    "ssl_policy": NEEDED,
    "session_timeout": NUMBER,
    "cookie_life": NUMBER,
    "hsts_max_age": NUMBER,
    "role_policies": {"type": "dict", "required": True, "options": {"managed": NAMES, "inline": NAMES}},
    "failure_emails": {"type": "list", "elements": "str", "default": []},
    "triggers": {"type": "dict", "default": {}},
    "other_app_clients": {"type": "list", "elements": "str", "default": []},
    "protect_load_balancer": {"type": "bool", "default": True},
    "protect_instance": {"type": "bool", "default": True},
    "protect_user_pool": {"type": "bool", "default": True},
    "least_days": {"type": "int", "default": 21},
    "use_signing_key": {"type": "bool", "default": False},
    "test_user": {},
    "test_password": {"no_log": True},
    "tell_only": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 0},
    "report_dir": {"type": "path"},
}
# A check may need others of an earlier part.
PARTS = {
    "The names": verify_dns.CHECKS,
    "The site, without a sign-in": verify_site.CHECKS,
    "The site, with one": verify_login.CHECKS,
    "The data": verify_data.CHECKS,
    "The buckets": verify_bucket.CHECKS,
    "The load balancer": verify_load_balancer.CHECKS,
    "The distribution": verify_distribution.CHECKS,
    "The instance": verify_instance.CHECKS,
    "The notices": verify_notifications.CHECKS,
    "The user pool": verify_user_pool.CHECKS,
}


def main() -> None:
    module = AnsibleAWSModule(argument_spec=OPTIONS, supports_check_mode=True)
    params = module.params
    known = {**{name: params[name] for name in OPTIONS}, "region": module.region}
    if params["tell_only"]:
        module.exit_json(changed=False, checks=[], lines=report.plan(PARTS, known))
    look = Sight(known, module.client)
    outcomes = run(PARTS, look, params["wait_timeout"])
    told = {"checks": report.facts(outcomes), "lines": report.lines(outcomes)}
    if params["report_dir"] and not module.check_mode:
        head = {"project": params["project"], "site": params["site_domain"]}
        told["report"] = report.write(params["report_dir"], "verify", params["site_domain"], head, outcomes)
    if any(one.outcome == FAILED for one in outcomes):
        module.fail_json(msg=report.failures(outcomes), **told)
    module.exit_json(changed=False, **told)


if __name__ == "__main__":
    main()
