#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_origin_access_control
version_added: 0.1.0
short_description: Origin access controls, with which CloudFront signs its requests to a private origin
description:
  - Makes, changes and deletes an origin access control in CloudFront.
  - An origin of M(bioviewers.aws.cloudfront_distribution) names it, and the bucket's policy admits the distribution
    (M(bioviewers.aws.s3_bucket_policy_statement)).
options:
  name:
    description: Name of the origin access control, unique in the account.
    type: str
    required: true
  description:
    description: What it is for.
    type: str
  origin_access_control_origin_type:
    description: Kind of origin. V(s3) for a new one, if not given.
    type: str
    choices: [s3, mediastore, mediapackagev2, lambda]
  signing_behavior:
    description: Which requests CloudFront signs. V(always) for a new one, if not given.
    type: str
    choices: [always, never, no-override]
  signing_protocol:
    description: How CloudFront signs. V(sigv4) for a new one, if not given.
    type: str
    choices: [sigv4]
extends_documentation_fragment:
  - bioviewers.aws._attributes
  - bioviewers.aws._resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Let CloudFront sign its requests to private buckets
  bioviewers.aws.cloudfront_origin_access_control:
    name: lab-viewer
    description: Private image volumes

- name: Remove it
  bioviewers.aws.cloudfront_origin_access_control:
    name: lab-viewer
    state: absent
"""

RETURN = r"""
origin_access_control:
  description: The origin access control as CloudFront holds it.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: Its id. A stand-in when it would be made in check mode.
      type: str
      sample: E327GJI25M56DG
    name:
      description: Its name.
      type: str
    description:
      description: What it is for.
      type: str
    origin_access_control_origin_type:
      description: Kind of origin.
      type: str
    signing_behavior:
      description: Which requests CloudFront signs.
      type: str
    signing_protocol:
      description: How CloudFront signs.
      type: str
"""

from ansible_collections.bioviewers.aws.plugins.module_utils._services.cloudfront import CloudFrontResource


class OriginAccessControl(CloudFrontResource):
    noun = "origin access control"
    options = {
        "name": {"required": True},
        "description": {},
        "origin_access_control_origin_type": {"choices": ["s3", "mediastore", "mediapackagev2", "lambda"]},
        "signing_behavior": {"choices": ["always", "never", "no-override"]},
        "signing_protocol": {"choices": ["sigv4"]},
    }
    initial = {"OriginAccessControlOriginType": "s3", "SigningBehavior": "always", "SigningProtocol": "sigv4"}


main = OriginAccessControl.main

if __name__ == "__main__":
    main()
