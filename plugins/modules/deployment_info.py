#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: deployment_info
short_description: List what there is of a deployment
version_added: 0.1.0
description:
  - Looks for everything that the playbooks of this collection make, in every service, by the names that they give.
  - So that a dry run of the teardown can list what would go, and a teardown can prove that nothing is left.
options:
  build:
    description: What was built, the viewer or the backend for IGV Desktop. For the viewer all names are needed.
    type: str
    choices: [viewer, igv]
    default: viewer
  project:
    description: Name of the deployment. That of a backend for IGV ends in C(-igv).
    type: str
    required: true
  user_pool:
    description: With O(build=igv), the name of the user pool, O(project) or the viewer's. Needed then.
    type: str
  domain:
    description: Domain of the certificates.
    type: str
  site_domain:
    description: Host name of the viewer.
    type: str
  data_domain:
    description: Host name of the data.
    type: str
  hosted_zone:
    description: Public zone in Route 53 that holds the domain. Empty if its records are made by hand.
    type: str
  data_bucket:
    description: Bucket with the data, whose policy may hold statements of the deployment.
    type: str
  staging_bucket:
    description: Bucket that carries files to the instance.
    type: str
  signing_key_path:
    description: Path of the parameters with the signing keys.
    type: str
  keep_users:
    description: Whether the user pool and what belongs to it is to stay.
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds to look again, as long as there is something that does not stay.
      - AWS may tell of what was deleted a moment ago.
    type: int
    default: 0
notes:
  - The region is the one of O(region). Certificates are looked for there and in us-east-1.
author:
  - Contributors to bioviewers.aws (@bioviewers)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - bioviewers.aws._attributes.read_only
"""

EXAMPLES = r"""
- name: What there is of the deployment
  bioviewers.aws.deployment_info:
    project: lab-viewer
    domain: lab.example.org
    site_domain: neuroglancer.lab.example.org
    data_domain: data.lab.example.org
    hosted_zone: lab.example.org
    data_bucket: lab-private-data
    staging_bucket: lab-viewer-ssm-123456789012-us-east-1
    signing_key_path: /lab-viewer/cookie-signing-keys
  register: there
"""

RETURN = r"""
resources:
  description: What there is, in the order in which a teardown takes it.
  returned: always
  type: list
  elements: dict
  contains:
    role: {description: Role that makes it and takes it away., type: str, returned: always, sample: load_balancer}
    kind: {description: What it is., type: str, returned: always, sample: load balancer}
    name: {description: Its name, type: str, returned: always, sample: lab-viewer}
    costs: {description: Whether it costs money although nobody uses it., type: bool, returned: always}
    stays:
      description: Why a teardown leaves it. Empty if it goes.
      type: str
      returned: always
      sample: arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012 needs it
tagged:
  description: ARNs of what has the tag C(Project) of the deployment and is none of the kinds that the collection makes.
  returned: always
  type: list
  elements: str
"""

import time
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.reader import errors_fail
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import PAUSE, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment import remains
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.builds import BUILDS
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.names import names

NAMES = ("domain", "site_domain", "data_domain", "hosted_zone", "data_bucket", "staging_bucket")
OPTIONS: dict[str, Any] = {
    "build": {"choices": [*BUILDS], "default": "viewer"},
    "project": {"required": True},
    "user_pool": {},
    **{name: {} for name in NAMES},
    "signing_key_path": {"no_log": False},
    "keep_users": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 0},
}


def resources(context: Context, seconds: int) -> list[dict[str, Any]]:
    """What there is, when all the rest is gone or the time is over."""
    deadline = time.monotonic() + seconds
    finders = [finder for part in BUILDS[context.inputs["build"]].remains for finder in part.REMAINS]
    while True:
        found = remains.resources(context, finders)
        if all(one["stays"] for one in found) or time.monotonic() + PAUSE > deadline:
            return found
        time.sleep(PAUSE)
        context.aws.forget()


def main() -> None:
    needed = [("build", "viewer", [*NAMES, "signing_key_path"]), ("build", "igv", ["user_pool"])]
    module = AnsibleAWSModule(argument_spec=OPTIONS, supports_check_mode=True, required_if=needed)
    given = {name: module.params[name] for name in OPTIONS}
    context = Context({**given, "region": module.region}, module.client, names(given["project"]))
    with errors_fail(module, f"list what there is of {given['project']}"):
        found, tagged = resources(context, given["wait_timeout"]), remains.tagged(context)
    module.exit_json(resources=found, tagged=tagged)


if __name__ == "__main__":
    main()
