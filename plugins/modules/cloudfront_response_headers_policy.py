#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_response_headers_policy
version_added: 0.1.0
short_description: Response headers policies, with which CloudFront adds headers to its answers
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
  security_headers_config:
    description: Headers that make browsers more careful. One that is not given stays as it is.
    type: dict
    suboptions:
      strict_transport_security:
        description: C(Strict-Transport-Security), so that browsers come by HTTPS only.
        type: dict
        suboptions:
          override: &override
            description: Whether it replaces the header that comes from the origin.
            type: bool
            required: true
          access_control_max_age_sec: {description: For how many seconds., type: int, required: true}
          include_subdomains: {description: Whether that goes for the domains below too., type: bool}
          preload: {description: Whether browsers may have the domain in a list of their own., type: bool}
      content_type_options:
        description: C(X-Content-Type-Options), so that browsers do not guess types.
        type: dict
        suboptions:
          override: *override
      frame_options:
        description: C(X-Frame-Options), which says who may show the page in a frame.
        type: dict
        suboptions:
          override: *override
          frame_option: {description: Who may., type: str, choices: [DENY, SAMEORIGIN], required: true}
      referrer_policy:
        description: C(Referrer-Policy), which says what other sites learn of the address.
        type: dict
        suboptions:
          override: *override
          referrer_policy:
            description: Its value.
            type: str
            choices:
              - no-referrer
              - no-referrer-when-downgrade
              - origin
              - origin-when-cross-origin
              - same-origin
              - strict-origin
              - strict-origin-when-cross-origin
              - unsafe-url
            required: true
      content_security_policy:
        description: C(Content-Security-Policy), which says what a page may load and do.
        type: dict
        suboptions:
          override: *override
          content_security_policy: {description: Its value., type: str, required: true}
      xss_protection:
        description: C(X-XSS-Protection), which browsers of today do not read.
        type: dict
        suboptions:
          override: *override
          protection: {description: Whether it is on., type: bool, required: true}
          mode_block: {description: Whether the page is blocked., type: bool}
          report_uri: {description: Where it is reported., type: str}
  custom_headers_config:
    description: Other headers. Those that are not given are taken away.
    type: list
    elements: dict
    suboptions:
      header: {description: Name of the header., type: str, required: true}
      value: {description: Its value., type: str, required: true}
      override: *override
  remove_headers_config:
    description: Headers of the origin that are taken out of the answer.
    type: list
    elements: dict
    suboptions:
      header: {description: Name of the header., type: str, required: true}
  server_timing_headers_config:
    description: C(Server-Timing), which tells how CloudFront answered.
    type: dict
    suboptions:
      enabled: {description: Whether it is added., type: bool, required: true}
      sampling_rate: {description: "To how many answers in a hundred, 0 to 100.", type: float}
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

- name: Make browsers more careful, and tell less of the origin
  bioviewers.aws.cloudfront_response_headers_policy:
    name: lab-pages
    security_headers_config:
      strict_transport_security:
        access_control_max_age_sec: 31536000
        override: true
      content_type_options:
        override: true
      frame_options:
        frame_option: DENY
        override: true
    custom_headers_config:
      - header: Cross-Origin-Resource-Policy
        value: same-site
        override: true
    remove_headers_config:
      - header: Server

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

from dataclasses import replace
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found, Spelling
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cloudfront import CloudFrontResource

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


REFERRERS = [
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
]
NO_HEADERS = {"CustomHeadersConfig": [], "RemoveHeadersConfig": []}  # as AWS tells it, or not
TEXT = {"required": True}
SWITCH = {"type": "bool"}


def header(**settings: Any) -> dict[str, Any]:
    return {"type": "dict", "options": {"override": {"type": "bool", "required": True}, **settings}}


SECURITY = {
    "strict_transport_security": header(
        access_control_max_age_sec={"type": "int", "required": True}, include_subdomains=SWITCH, preload=SWITCH
    ),
    "content_type_options": header(),
    "frame_options": header(frame_option={"choices": ["DENY", "SAMEORIGIN"], "required": True}),
    "referrer_policy": header(referrer_policy={"choices": REFERRERS, "required": True}),
    "content_security_policy": header(content_security_policy=TEXT),
    "xss_protection": header(protection={"type": "bool", "required": True}, mode_block=SWITCH, report_uri={}),
}
TIMING = {"enabled": {"type": "bool", "required": True}, "sampling_rate": {"type": "float"}}


class ResponseHeadersPolicy(CloudFrontResource):
    noun = "response headers policy"
    options = {
        "name": {"required": True},
        "comment": {},
        "cors_config": {"type": "dict", "options": CORS},
        "security_headers_config": {"type": "dict", "options": SECURITY},
        "custom_headers_config": {**header(header=TEXT, value=TEXT), "type": "list", "elements": "dict"},
        "remove_headers_config": {"type": "list", "elements": "dict", "options": {"header": TEXT}},
        "server_timing_headers_config": {"type": "dict", "options": TIMING},
    }
    list_filter = {"Type": "custom"}
    spelling = Spelling({"xss_protection": "XSSProtection"})

    def read(self, response: dict[str, Any]) -> Found:
        found = super().read(response)
        return replace(found, config={**NO_HEADERS, **found.config})

    def _write(self, verb: str, config: dict[str, Any], **request: Any) -> Found:
        said = {key: value for key, value in config.items() if value or key not in NO_HEADERS}
        return super()._write(verb, said, **request)


main = ResponseHeadersPolicy.main

if __name__ == "__main__":
    main()
