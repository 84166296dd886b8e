# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: verify
short_description: Test every claim that is made of a deployment
version_added: 0.1.0
description:
  - Looks at a deployment of the viewer, or of the backend for IGV Desktop, from outside, as a visitor who has not
    signed in, and through AWS's API, and compares what it sees with what it should be. It only reads.
  - All checks run. One that fails does not stop the others; the task fails at the end, naming each line that failed and
    what to do.
  - What can't be tested, because a right is missing or a name does not answer, counts as failed; what needs something
    that was not given (a user, the signing key) is skipped, and the report says so.
  - Resources are found by O(project), from which the roles make all names.
options:
  build:
    description: What was built, the viewer or the backend for IGV Desktop.
    type: str
    choices: [viewer, igv]
    default: viewer
  project:
    description: Name of the deployment. That of a backend for IGV ends in C(-igv).
    type: str
    required: true
    aliases: [name]
  aws_account_id:
    description: Account of the deployment.
    type: str
    required: true
  login_domain:
    description: Host name of the login.
    type: str
    required: true
  identity_providers:
    description: What people sign in with, V(COGNITO) or V(Google).
    type: list
    elements: str
    required: true
  domain:
    description: Domain for which the cookies are. Needed with O(build=viewer).
    type: str
  site_domain:
    description: Host name of the viewer. Needed with O(build=viewer).
    type: str
  data_domain:
    description: Host name of the data. Needed with O(build=viewer).
    type: str
  data_bucket:
    description: Private bucket with the data. Needed with O(build=viewer).
    type: str
  staging_bucket:
    description: Bucket that carries files to the instance. Needed with O(build=viewer).
    type: str
  port:
    description: Port on which the instance answers the load balancer. Needed with O(build=viewer).
    type: int
  signing_keys:
    description: Labels of the keys that sign cookies. The first signs, all are trusted. Needed with O(build=viewer).
    type: list
    elements: str
  signing_key_path:
    description: Path in Parameter Store below which the keys are. Needed with O(build=viewer).
    type: str
  client_cidrs:
    description: Networks that may reach the load balancer. Needed with O(build=viewer).
    type: list
    elements: str
  public_paths:
    description: Paths that need no sign-in, as the load balancer's rules have them. Needed with O(build=viewer).
    type: list
    elements: str
  deny_paths:
    description: Paths that are refused to who is not signed in. Needed with O(build=viewer).
    type: list
    elements: str
  ssl_policy:
    description: TLS policy of the HTTPS listener. Needed with O(build=viewer).
    type: str
  session_timeout:
    description: Seconds after which people have to sign in again. Needed with O(build=viewer).
    type: int
  cookie_lifetime:
    description: Seconds that a cookie for the data lives at most. Needed with O(build=viewer).
    type: int
    aliases: [cookie_life]
  min_hsts_max_age:
    description: Least max-age of Strict-Transport-Security. Needed with O(build=viewer).
    type: int
    aliases: [hsts_max_age]
  role_policies:
    description: Names of the policies that the instance's role holds, and no others. Needed with O(build=viewer).
    type: dict
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
  require_load_balancer_deletion_protection:
    description: Whether the load balancer must be protected against deletion.
    type: bool
    default: true
    aliases: [protect_load_balancer]
  require_instance_termination_protection:
    description: Whether the instance must be protected against termination.
    type: bool
    default: true
    aliases: [protect_instance]
  require_user_pool_deletion_protection:
    description: Whether the user pool must be protected against deletion.
    type: bool
    default: true
    aliases: [protect_user_pool]
  min_certificate_days:
    description: Days that certificates must still be good for.
    type: int
    default: 21
    aliases: [least_days]
  use_signing_key:
    description:
      - Whether the private signing key may be read from Parameter Store, to make a good cookie, and bad ones that have
        just one fault. It stays in memory.
      - Without it, what needs a good cookie is skipped, and bad ones are signed with a key that is thrown away.
    type: bool
    default: false
  test_user:
    description: User of the pool to sign in as, to see the cookies that are handed out. Without one, that is skipped.
    type: str
  test_password:
    description: The password of O(test_user).
    type: str
  user_pool:
    description:
      - Name of the user pool, that of O(project) or the viewer's. Needed with O(build=igv).
      - This and the options below are of O(build=igv) alone.
    type: str
  callback_port:
    description: Port on people's own machines where a login ends. Needed with O(build=igv).
    type: int
  client_secret:
    description: Whether the app client has a secret. Needed with O(build=igv).
    type: bool
  buckets:
    description:
      - Buckets to read, each with C(name) and, if wanted, C(prefixes), C(browsable) and C(kms_key_arn).
      - Needed with O(build=igv).
    type: list
    elements: dict
  list_all_buckets:
    description: Whether the role may list the names of all buckets.
    type: bool
    default: false
  config_dir:
    description: Directory on this machine with what IGV is told. Without it, or without files there, that is skipped.
    type: path
  config_url:
    description: Address of C(oauth-config.json) on a web server. Without it that is skipped.
    type: str
  plan_only:
    description: Whether to tell only what would be looked at, as for a dry run of what is not made yet.
    type: bool
    default: false
    aliases: [tell_only]
  wait_timeout:
    description:
      - How many seconds to look again at what failed and can take time to come true (names, certificates, targets).
      - V(0) is for monitoring.
    type: int
    default: 0
  report_dir:
    description:
      - Directory, made if it is missing, for the report as V(verify.json) and V(verify.html), of IGV V(verify-igv.json)
        and V(verify-igv.html). Without one, or in check
        mode, none is written.
      - It names hosts, resources and faults, but no secrets.
    type: path
requirements:
  - cryptography
author:
  - Contributors to bioviewers.aws (@bioviewers)
seealso:
  - module: bioviewers.aws.preflight
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - bioviewers.aws._attributes.read_only
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
    cookie_lifetime: 3600
    min_hsts_max_age: 31536000
    role_policies:
      managed: [AmazonSSMManagedInstanceCore]
      inline: [parameters]
    report_dir: reports

# What the playbook of IGV's backend does.
- name: Test every claim of the backend for IGV Desktop
  bioviewers.aws.verify:
    build: igv
    project: lab-viewer-igv
    aws_account_id: "111122223333"
    region: us-east-1
    login_domain: lab-viewer-igv-111122223333.auth.us-east-1.amazoncognito.com
    identity_providers: [COGNITO]
    user_pool: lab-viewer-igv
    callback_port: 60151
    client_secret: true
    buckets:
      - name: lab-bams
        prefixes: [project-a/]
    config_dir: lab-viewer-igv
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
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import FAILED, Context, Outcome, run
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.builds import BUILDS
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.names import names

NAMES = {"type": "list", "elements": "str"}
NEEDED = {"required": True}
NUMBER = {"type": "int"}
POLICIES = {"managed": {**NAMES, **NEEDED}, "inline": {**NAMES, **NEEDED}}
OF_VIEWER: dict[str, dict[str, Any]] = {
    "domain": {},
    "site_domain": {},
    "data_domain": {},
    "data_bucket": {},
    "staging_bucket": {},
    "port": NUMBER,
    "signing_keys": {**NAMES, "no_log": False},
    "signing_key_path": {"no_log": False},
    "client_cidrs": NAMES,
    "public_paths": NAMES,
    "deny_paths": NAMES,
    "ssl_policy": {},
    "session_timeout": NUMBER,
    "cookie_lifetime": {**NUMBER, "aliases": ["cookie_life"]},
    "min_hsts_max_age": {**NUMBER, "aliases": ["hsts_max_age"]},
    "role_policies": {"type": "dict", "options": POLICIES},
}
OF_IGV: dict[str, dict[str, Any]] = {
    "user_pool": {},
    "callback_port": NUMBER,
    "client_secret": {"type": "bool", "no_log": False},
    "buckets": {"type": "list", "elements": "dict"},
}


def switch(default: bool, *aliases: str) -> dict[str, Any]:
    return {"type": "bool", "default": default, "aliases": [*aliases]}


OPTIONS: dict[str, dict[str, Any]] = {
    "build": {"choices": [*BUILDS], "default": "viewer"},
    "project": {**NEEDED, "aliases": ["name"]},
    "aws_account_id": NEEDED,
    "login_domain": NEEDED,
    "identity_providers": {**NAMES, **NEEDED},
    **OF_VIEWER,
    "failure_emails": {**NAMES, "default": []},
    "triggers": {"type": "dict", "default": {}},
    "other_app_clients": {**NAMES, "default": []},
    "require_load_balancer_deletion_protection": switch(True, "protect_load_balancer"),
    "require_instance_termination_protection": switch(True, "protect_instance"),
    "require_user_pool_deletion_protection": switch(True, "protect_user_pool"),
    "min_certificate_days": {"type": "int", "default": 21, "aliases": ["least_days"]},
    "use_signing_key": switch(False),
    "test_user": {},
    "test_password": {"no_log": True},
    **OF_IGV,
    "list_all_buckets": switch(False),
    "config_dir": {"type": "path"},
    "config_url": {},
    "plan_only": switch(False, "tell_only"),
    "wait_timeout": {"type": "int", "default": 0},
    "report_dir": {"type": "path"},
}
# Claims tested at once: they wait for answers most of the time. More would meet the site's own limit of requests.
AT_ONCE = 8
REPORTS = {"viewer": "verify", "igv": "verify-igv"}


def main() -> None:
    needed = [("build", "viewer", [*OF_VIEWER]), ("build", "igv", [*OF_IGV])]
    module = AnsibleAWSModule(argument_spec=OPTIONS, supports_check_mode=True, required_if=needed)
    params = module.params
    inputs = {**{name: params[name] for name in OPTIONS}, "region": module.region}
    context = Context(inputs, module.client, names(params["project"]))
    parts = {part.PART: part.CHECKS for part in BUILDS[params["build"]].verify}
    if params["plan_only"]:
        module.exit_json(changed=False, checks=[], lines=report.plan(parts, context))
    outcomes = run(parts, context, params["wait_timeout"], at_once=AT_ONCE)
    result = {"checks": report.facts(outcomes), "lines": report.lines(outcomes)}
    if params["report_dir"] and not module.check_mode:
        result["report"] = write_report(params, outcomes)
    if any(one.outcome == FAILED for one in outcomes):
        module.fail_json(msg=report.failures(outcomes), **result)
    module.exit_json(changed=False, **result)


def write_report(params: dict[str, Any], outcomes: list[Outcome]) -> str:
    site = params["site_domain"]
    head = {"project": params["project"], **({"site": site} if site else {})}
    return report.write(params["report_dir"], REPORTS[params["build"]], site or params["project"], head, outcomes)


if __name__ == "__main__":
    main()
