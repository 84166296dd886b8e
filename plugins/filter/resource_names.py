# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: resource_names
short_description: Names of the AWS resources of a deployment
version_added: 0.1.0
description:
  - Returns the name of each resource that this collection makes for a deployment.
  - M(bioviewers.aws.verify) and M(bioviewers.aws.deployment_info) find the resources by the same names.
positional: _input, account_id, region
options:
  _input:
    description: Name of the deployment, which is the variable C(project) of an inventory.
    type: str
    required: true
  account_id:
    description: Number of the AWS account. Without it and O(region), C(staging_bucket) is left out.
    type: str
    default: ""
  region:
    description: Region of the deployment.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Get the load balancer
  amazon.aws.elb_application_lb_info:
    names: ["{{ (project | bioviewers.aws.resource_names).load_balancer }}"]
"""

RETURN = r"""
_value:
  description: The names.
  type: dict
  sample:
    load_balancer: lab
    failure_topic: lab-failures
"""

from collections.abc import Callable

from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.names import names


def resource_names(project: str, account_id: object = "", region: str = "") -> dict[str, str]:
    # An account's number without quotes is an integer in YAML.
    return names(project, str(account_id), region)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., dict[str, str]]]:
        return {"resource_names": resource_names}
