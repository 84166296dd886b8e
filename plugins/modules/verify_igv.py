# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: verify_igv
short_description: Test every claim that is made of a backend for IGV Desktop
version_added: 0.2.0
description:
  - Looks at a backend for IGV Desktop through AWS's API and as IGV meets it, and compares what it sees with what it
    should be. It only reads.
  - All checks run. One that fails does not stop the others; the task fails at the end, naming each line that failed and
    what to do.
  - What can't be tested, because a right is missing or a name does not answer, counts as failed; what needs something
    that was not given is skipped, and the report says so.
options:
  name:
    description: Name of the identity pool and of the app client. The role is called so too, followed by C(-reader).
    type: str
    required: true
  aws_account_id:
    description: Account of the backend.
    type: str
    required: true
  user_pool:
    description: Name of the user pool.
    type: str
    required: true
  login_domain:
    description: Host name of its login.
    type: str
    required: true
  identity_providers:
    description: What people sign in with, V(COGNITO) or V(Google).
    type: list
    elements: str
    required: true
  callback_port:
    description: Port on people's own machines where a login ends.
    type: int
    required: true
  client_secret:
    description: Whether the app client has a secret.
    type: bool
    required: true
  buckets:
    description: Buckets to read, each with C(name) and, if wanted, C(prefixes), C(browsable) and C(kms_key_arn).
    type: list
    elements: dict
    required: true
  list_all_buckets:
    description: Whether the role may list the names of all buckets.
    type: bool
    default: false
  protect_user_pool:
    description: Whether the user pool is to be protected against deletion.
    type: bool
    default: true
  config_dir:
    description: Directory on this machine with what IGV is told. Without it, or without files there, that is skipped.
    type: path
  config_url:
    description: Address of C(oauth-config.json) on a web server. Without it that is skipped.
    type: str
  tell_only:
    description: Whether to look at nothing, and to say what would be looked at.
    type: bool
    default: false
  wait_timeout:
    description: How many seconds to look again at what takes time to come true after a change.
    type: int
    default: 0
  report_dir:
    description: Directory for the report, as a page and as JSON.
    type: path
author:
  - Contributors to bioviewers.aws (@bioviewers)
attributes:
  check_mode:
    description: Can run in C(check_mode); it only reads, with and without, but for O(report_dir).
    support: full
  diff_mode:
    description: Returns what has changed when in diff mode.
    support: N/A
    details: Nothing is ever changed.
  idempotent:
    description: When run twice in a row without outside changes, the second run changes nothing.
    support: full
seealso:
  - module: bioviewers.aws.verify
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
# What the playbook bioviewers.aws.igv.verify does, with values from the inventory.
- name: Test every claim
  bioviewers.aws.verify_igv:
    name: lab-viewer-igv
    aws_account_id: "111122223333"
    region: us-east-1
    user_pool: lab-viewer-igv
    login_domain: lab-viewer-igv-111122223333.auth.us-east-1.amazoncognito.com
    identity_providers: [COGNITO]
    callback_port: 60151
    client_secret: true
    buckets:
      - name: lab-bams
        prefixes: [project-a/]
    config_dir: lab-viewer-igv
"""

RETURN = r"""
checks:
  description: What came of each check, in order, as M(bioviewers.aws.verify) tells it.
  returned: always
  type: list
  elements: dict
  sample: []
lines:
  description: The same for the console, a line for each check and the sum.
  returned: always
  type: list
  elements: str
  sample: ["ok      igv-pool-roles           It has no role mappings, and no role for guests."]
report:
  description: The page that was written.
  returned: when O(report_dir) was given, not in check mode
  type: str
  sample: reports/verify-igv.html
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import report
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import FAILED, Sight, run
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.igv import verify as verify_igv
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.igv import verify_client

NEEDED = {"required": True}
OPTIONS: dict[str, dict[str, Any]] = {
    "name": NEEDED,
    "aws_account_id": NEEDED,
    "user_pool": NEEDED,
    "login_domain": NEEDED,
    "identity_providers": {"type": "list", "elements": "str", "required": True},
    "callback_port": {"type": "int", "required": True},
    "client_secret": {"type": "bool", "required": True, "no_log": False},
    "buckets": {"type": "list", "elements": "dict", "required": True},
    "list_all_buckets": {"type": "bool", "default": False},
    "protect_user_pool": {"type": "bool", "default": True},
    "config_dir": {"type": "path"},
    "config_url": {},
    "tell_only": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 0},
    "report_dir": {"type": "path"},
}
PARTS = {**verify_igv.CHECKS, **verify_client.CHECKS}


def main() -> None:
    module = AnsibleAWSModule(argument_spec=OPTIONS, supports_check_mode=True)
    params = module.params
    place = {"region": module.region, "account": params["aws_account_id"]}
    # The checks of a user pool know it by the name of its deployment.
    known = {**{name: params[name] for name in OPTIONS}, **place, "project": params["user_pool"]}
    if params["tell_only"]:
        module.exit_json(changed=False, checks=[], lines=report.plan(PARTS, known))
    outcomes = run(PARTS, Sight(known, module.client), params["wait_timeout"])
    told = {"checks": report.facts(outcomes), "lines": report.lines(outcomes)}
    if params["report_dir"] and not module.check_mode:
        head = {"name": params["name"]}
        told["report"] = report.write(params["report_dir"], "verify-igv", params["name"], head, outcomes)
    if any(one.outcome == FAILED for one in outcomes):
        module.fail_json(msg=report.failures(outcomes), **told)
    module.exit_json(changed=False, **told)


if __name__ == "__main__":
    main()
