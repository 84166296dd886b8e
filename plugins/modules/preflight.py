# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight
short_description: Check an inventory and the AWS account before the first write
version_added: 0.1.0
description:
  - Checks what is asked for against AWS and public DNS, and fails with all faults in one message. It writes nothing.
  - Only what is given is checked; an option that is missing, or that depends on one that is wrong, is left out.
  - With O(inventory_spec) it first checks the inventory of the host that it runs for, on the controller, and takes
    from there all that is not given. This is what the playbook C(bioviewers.aws.preflight) does.
  - Whether another AWS account has O(data_domain) as the alias of a distribution, CloudFront tells only who has a
    distribution with a certificate for it; before the first run nobody can know.
options:
  build:
    description: What is to be built. Of V(igv), the backend for IGV Desktop, only what starts with C(igv_) is checked,
      account, region, and who may sign in.
    type: str
    choices: [viewer, igv]
    default: viewer
  inventory_spec:
    description:
      - Variables of the inventory, each with C(type), C(required), C(elements), C(choices), C(no_log) and
        C(description). Every other option of this module that has the same name is then taken from the inventory.
      - The variable C(deployment) holds what they mean with their defaults.
    type: dict
  variable_names:
    description: Other names by which the caller knows options of this module, for the messages.
    type: dict
  project:
    description: Name of the deployment.
    type: str
  aws_account_id:
    description: Account that the credentials must be of.
    type: str
  iam_permissions_boundary:
    description: ARN of the managed policy that limits all roles, which must be there.
    type: str
  domain:
    description:
      - Domain of the deployment. Its CAA records must let Amazon issue certificates, for every name below it too.
    type: str
  dns:
    description:
      - Who makes the records. With V(route53), the zone must be in this account, and public DNS must ask its servers.
    type: str
    choices: [route53, manual]
    default: route53
  dns_resolver:
    description: Address of the DNS server that is asked for public names, instead of this machine's own.
    type: str
  hosted_zone:
    description: Public zone in Route 53 that must be there, once.
    type: str
  site_domain:
    description: Host name of the viewer. The zone may hold no foreign record of that name.
    type: str
  data_domain:
    description: Host name of the data. No other distribution may have it as an alias.
    type: str
  user_pool_domain_prefix:
    description: Prefix of the login's address. Only the user pool called O(project) may have it.
    type: str
  data_bucket:
    description: Bucket that must be of this account, private, and readable by CloudFront.
    type: str
  signing_keys:
    description: Labels of the signing keys, for the quota of public keys.
    type: list
    elements: str
  network_vpc_id:
    description:
      - VPC that must be there. Empty means the default VPC.
      - If neither this nor O(network_subnet_ids) is given, no network is checked.
    type: str
  network_subnet_ids:
    description:
      - Subnets that must be public, in two availability zones, and have free addresses. Empty means those that
        give public addresses, one in each of the first two zones.
    type: list
    elements: str
  network_instance_subnet_id:
    description:
      - Subnet of the instance, which must have a way out and be in a zone of O(network_subnet_ids).
      - Empty means the first of those.
    type: str
  web_instance_type:
    description:
      - Instance type that EC2 must offer in the zone of the instance.
      - Where nobody names subnets, the first one is in such a zone.
    type: str
  web_instance_public_address:
    description: Whether the instance gets a public address, without which an internet gateway is no way out.
    type: bool
  web_instance_image_name:
    description: Name pattern of the image that must be there, for the processors of O(web_instance_type).
    type: str
  web_instance_image_owner:
    description: Account that publishes the image.
    type: str
  session_document:
    description:
      - Session document of Systems Manager by which the instance is reached, which must be there.
      - Empty means the account's preferences, whose settings must let Ansible through.
    type: str
  allowed_emails:
    description: Addresses of people who may sign in. With O(build=igv) each must be good for a session name of AWS STS.
    type: list
    elements: str
  igv_buckets:
    description:
      - Buckets that IGV reads, each with C(name) and, if wanted, C(prefixes), C(browsable) and C(kms_key_arn).
      - They must be there and in the region. Folders that IGV's browser can't show are noted.
    type: list
    elements: dict
  igv_shares_user_pool:
    description: Whether people sign in at the user pool called O(project), which must be there.
    type: bool
    default: false
  igv_user_pool_domain_prefix:
    description: Prefix of the login's address. Only the user pool of IGV may have it, O(project) followed by C(-igv).
    type: str
requirements:
  - dnspython, when O(domain) is given
author:
  - Contributors to bioviewers.aws (@bioviewers)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - bioviewers.aws._attributes.read_only
"""

EXAMPLES = r"""
- name: Check the inventory, and AWS for what it says
  bioviewers.aws.preflight:
    inventory_spec:
      aws_account_id: {type: str, required: true, description: Number of the AWS account.}
      data_bucket: {type: str, required: true, description: Name of the private bucket with your data.}

- name: Check one bucket
  bioviewers.aws.preflight:
    data_bucket: lab-private-data

- name: Look for public subnets in two availability zones of the default VPC
  bioviewers.aws.preflight:
    network_subnet_ids: []
  register: found
"""

RETURN = r"""
faults:
  description: What is wrong, all of it. The task fails if there is any.
  returned: always
  type: list
  elements: dict
  contains:
    variable:
      description: Variable that is wrong. Empty for the account or this machine.
      type: str
      returned: always
      sample: data_bucket
    value: {description: What it is; empty for a secret., type: str, returned: always, sample: "'lab-data'"}
    wrong: {description: What is wrong with it., type: str, returned: always, sample: there is no bucket of that name}
    instead: {description: What to do., type: str, returned: always, sample: write the name of your bucket}
    message:
      description: All of this in one sentence.
      type: str
      returned: always
      sample: "data_bucket is 'lab-data': there is no bucket of that name; write the name of your bucket."
notes:
  description: What a person should know and what stops nothing.
  returned: always
  type: list
  elements: str
  sample: ["Quota: 3 of 10 key groups of CloudFront are used, 1 more needed."]
network:
  description: The network that was found.
  returned: when a network was asked for and found
  type: dict
  contains:
    vpc_id: {description: Id of the VPC., type: str, returned: always, sample: vpc-0123456789abcdef0}
    cidr_block: {description: Its addresses., type: str, returned: always, sample: 172.31.0.0/16}
    subnet_ids:
      description: Subnets to use.
      type: list
      elements: str
      returned: always
      sample: [subnet-0123456789abcdef0, subnet-0fedcba9876543210]
    instance_subnet_id:
      description: Subnet of the instance.
      type: str
      returned: always
      sample: subnet-0123456789abcdef0
bucket:
  description: The bucket that was found.
  returned: when O(data_bucket) was given and found
  type: dict
  contains:
    region: {description: Its region., type: str, returned: always, sample: us-east-1}
    kms_key_id:
      description: Key of its owner that encrypts it. Empty without one.
      type: str
      returned: always
      sample: arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
"""

from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import report
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context, run
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.builds import BUILDS
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.dns.public import HAS_DNS
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.names import names

OPTIONS: dict[str, dict[str, Any]] = {
    "build": {"choices": [*BUILDS], "default": "viewer"},
    "inventory_spec": {"type": "dict"},
    "variable_names": {"type": "dict"},
    "project": {},
    "aws_account_id": {},
    "iam_permissions_boundary": {},
    "domain": {},
    "dns": {"choices": ["route53", "manual"], "default": "route53"},
    "dns_resolver": {},
    "hosted_zone": {},
    "site_domain": {},
    "data_domain": {},
    "user_pool_domain_prefix": {},
    "data_bucket": {},
    "signing_keys": {"type": "list", "elements": "str", "no_log": False},
    "network_vpc_id": {},
    "network_subnet_ids": {"type": "list", "elements": "str"},
    "network_instance_subnet_id": {},
    "web_instance_type": {},
    "web_instance_public_address": {"type": "bool"},
    "web_instance_image_name": {},
    "web_instance_image_owner": {},
    "session_document": {},
    "allowed_emails": {"type": "list", "elements": "str"},
    "igv_buckets": {"type": "list", "elements": "dict"},
    "igv_shares_user_pool": {"type": "bool", "default": False},
    "igv_user_pool_domain_prefix": {},
}


def profile(module: AnsibleAWSModule) -> str | None:
    """The profile that credentials are taken from, if they are not given themselves."""
    given = module.params["profile"]
    return given if given or module.params["access_key"] else "default"


def inputs(module: AnsibleAWSModule) -> dict[str, Any]:
    """What is asked for, and what follows from it at once."""
    given = {name: module.params[name] for name in OPTIONS}
    with_network = given["network_vpc_id"] is not None or given["network_subnet_ids"] is not None
    by_hand = given["dns"] == "manual"
    if by_hand:
        del given["hosted_zone"]
    place = {"region": module.region, "aws_region": module.region, "profile": profile(module)}
    pool = "shared_user_pool" if given["igv_shares_user_pool"] else "own_user_pool"
    return {**given, **place, pool: True, "network": with_network or None, "dns_by_hand": by_hand or None}


def main() -> None:
    module = AnsibleAWSModule(argument_spec=OPTIONS, supports_check_mode=True)
    build, project = module.params["build"], module.params["project"]
    if module.params["domain"] and build == "viewer" and not HAS_DNS:
        module.fail_json(msg=missing_required_lib("dnspython"))
    context = Context(inputs(module), module.client, names(project) if project else {}, module.params["variable_names"])
    outcomes = run({part.__name__: part.CHECKS for part in BUILDS[build].preflight}, context)
    found = {"network": context.found.get("vpc"), "bucket": context.found.get("bucket")}
    result = {name: value for name, value in found.items() if value}
    result |= {"faults": report.problems(outcomes), "notes": report.notes(outcomes)}
    if result["faults"]:
        module.fail_json(msg="\n".join(problem["message"] for problem in result["faults"]), **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
