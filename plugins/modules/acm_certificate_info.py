#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: acm_certificate_info
short_description: List the certificates that prove a domain by its DNS record
version_added: 0.1.0
description:
  - Lists the certificates of AWS Certificate Manager that need the validation record of a domain, in all regions at
    once. The record is one for the domain, its wildcard, and every certificate of the account, whatever its region.
  - Certificates with keys of every kind are listed, those that are issued and those that wait for the record.
options:
  domain_name:
    description: The domain. Certificates for it or for its wildcard count, whatever their other names are.
    type: str
    required: true
  regions:
    description:
      - Regions to look into. All that the account can use, if not given.
      - Then a region other than us-east-1 and O(region) that refuses is no failure, and told as RV(unknown_regions).
    type: list
    elements: str
author:
  - Contributors to bioviewers.aws (@bioviewers)
seealso:
  - module: bioviewers.aws.acm_certificate
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - bioviewers.aws._attributes.read_only
"""

EXAMPLES = r"""
- name: Which certificates need the validation record of the domain
  bioviewers.aws.acm_certificate_info:
    domain_name: lab.example.org
  register: proven
"""

RETURN = r"""
certificates:
  description: The certificates, by ARN.
  returned: always
  type: list
  elements: dict
  contains:
    arn:
      description: ARN of the certificate.
      type: str
      returned: always
      sample: arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012
    region: {description: Its region., type: str, returned: always, sample: us-east-1}
    status: {description: Its status., type: str, returned: always, sample: ISSUED}
    subject_alternative_names:
      description: All its names, sorted, the main one among them.
      type: list
      elements: str
      returned: always
      sample: ["*.lab.example.org", lab.example.org]
    in_use_by: {description: ARNs of what uses it., type: list, elements: str, returned: always}
unknown_regions:
  description: Regions of which nothing is known, since ACM refuses to list certificates there.
  returned: always
  type: list
  elements: str
"""

from dataclasses import asdict

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.reader import errors_fail
from ansible_collections.bioviewers.aws.plugins.module_utils._services.acm import certificates, usable_regions

OPTIONS = {"domain_name": {"required": True}, "regions": {"type": "list", "elements": "str"}}


def main() -> None:
    module = AnsibleAWSModule(argument_spec=OPTIONS, supports_check_mode=True)
    domain = module.params["domain_name"]
    with errors_fail(module, f"list the certificates that prove {domain}"):
        asked = module.params["regions"]
        regions = asked or usable_regions(module.client("ec2"))
        strict = asked or ["us-east-1", module.region]
        found = certificates([module.client("acm", region=region) for region in regions], domain, strict)
    module.exit_json(**asdict(found))


if __name__ == "__main__":
    main()
