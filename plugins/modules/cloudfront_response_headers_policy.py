#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_response_headers_policy
version_added: 0.1.0
short_description: Response headers policies, with which CloudFront answers for CORS
description:
  - Makes, changes and deletes a response headers policy in CloudFront. AWS's own managed policies are left alone.
  - Settings of the policy that have no option here keep their value.
options:
  name:
    description: Name of the policy, unique in the account.
    type: str
    required: true
  comment:
    description: What the policy is for.
    type: str
  cors_config:
    description: The CORS headers that CloudFront adds to its answers.
    type: dict
    suboptions:
      access_control_allow_origins:
        description:
          - Origins that may read the answers, for example V(https://neuroglancer.lab.example.org).
            A wildcard may only be the leftmost part of the host name.
          - Browsers refuse V(*) for requests with credentials.
        type: list
        elements: str
        required: true
      access_control_allow_headers:
        description: Request headers that a preflight may announce. V(*) for all.
        type: list
        elements: str
        required: true
      access_control_allow_methods:
        description: Methods that a preflight may announce.
        type: list
        elements: str
        choices: [GET, POST, OPTIONS, PUT, DELETE, PATCH, HEAD, ALL]
        required: true
      access_control_allow_credentials:
        description: Whether the answers may be read when the request carried cookies.
        type: bool
        required: true
      access_control_expose_headers:
        description: Headers of the answer that scripts may read. In requests with credentials V(*) is taken literally.
        type: list
        elements: str
      access_control_max_age_sec:
        description: For how many seconds a browser may remember the answer to a preflight.
        type: int
      origin_override:
        description: Whether these headers replace those that come from the origin.
        type: bool
        required: true
extends_documentation_fragment:
  - bioviewers.aws._attributes
  - bioviewers.aws._resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Let scripts of the viewer, and no others, read private data
  bioviewers.aws.cloudfront_response_headers_policy:
    name: lab-viewer
    comment: CORS with credentials for the viewer
    cors_config:
      access_control_allow_origins: [https://neuroglancer.lab.example.org]
      access_control_allow_headers: ["*"]
      access_control_allow_methods: [GET, HEAD]
      access_control_allow_credentials: true
      access_control_expose_headers: [Content-Range, Content-Length, Content-Encoding, ETag]
      access_control_max_age_sec: 600
      origin_override: true

- name: Remove a policy that no distribution uses any more
  bioviewers.aws.cloudfront_response_headers_policy:
    name: lab-viewer
    state: absent
"""

RETURN = r"""
response_headers_policy:
  description: The policy as CloudFront holds it.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: Id of the policy. A stand-in when it would be made in check mode.
      type: str
      sample: 5cc3b908-e619-4b99-88e5-2cf7f45965bd
    name:
      description: Name of the policy.
      type: str
    comment:
      description: Comment on the policy.
      type: str
    cors_config:
      description: The CORS headers, in the words of the option.
      type: dict
"""

from ansible_collections.bioviewers.aws.plugins.module_utils._cloudfront import CloudFrontResource

METHODS = ["GET", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "HEAD", "ALL"]
CORS = {
    "access_control_allow_origins": {"type": "list", "elements": "str", "required": True},
    "access_control_allow_headers": {"type": "list", "elements": "str", "required": True},
    "access_control_allow_methods": {"type": "list", "elements": "str", "choices": METHODS, "required": True},
    "access_control_allow_credentials": {"type": "bool", "required": True},
    "access_control_expose_headers": {"type": "list", "elements": "str"},
    "access_control_max_age_sec": {"type": "int"},
    "origin_override": {"type": "bool", "required": True},
}


class ResponseHeadersPolicy(CloudFrontResource):
    noun = "response headers policy"
    options = {"name": {"required": True}, "comment": {}, "cors_config": {"type": "dict", "options": CORS}}
    list_filter = {"Type": "custom"}


main = ResponseHeadersPolicy.main

if __name__ == "__main__":
    main()
