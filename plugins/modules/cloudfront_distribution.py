#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_distribution
version_added: 0.1.0
short_description: CloudFront distributions in front of buckets and web servers
description:
  - Makes, changes and deletes a distribution in CloudFront.
  - Settings that are not given keep the value they have, also those that have no option here. A list that is given
    replaces the list that is there; what stays in a list of origins, behaviours, error pages, headers or functions
    keeps those of its settings that are not given.
  - An empty text or list takes a setting away.
options:
  name:
    description:
      - Identifies the distribution. CloudFront knows no names; the caller reference holds it, which can't be changed.
    type: str
    required: true
  aliases:
    description: Host names that the distribution answers for, besides its own. They need O(viewer_certificate).
    type: list
    elements: str
  comment:
    description: What the distribution is for.
    type: str
  enabled:
    description: Whether the distribution answers. V(true) for a new one, if not given.
    type: bool
  default_root_object:
    description: The object that answers for V(/).
    type: str
  price_class:
    description: In which parts of the world it answers; V(PriceClass_100) is the cheapest.
    type: str
    choices: [PriceClass_100, PriceClass_200, PriceClass_All]
  http_version:
    description: Newest version of HTTP that viewers may use.
    type: str
    choices: [http1.1, http2, http3, http2and3]
  is_ipv6_enabled:
    description: Whether it answers on IPv6. Cookies that are bound to an IPv4 address need V(false).
    type: bool
  origins:
    description:
      - Where the content comes from. Needed to make a distribution.
      - An origin is a bucket, unless O(origins[].custom_origin_config) or O(origins[].vpc_origin_config) is given.
    type: list
    elements: dict
    suboptions:
      id:
        description: Name of the origin within the distribution.
        type: str
        required: true
      domain_name:
        description: The bucket's regional host name, never a website endpoint; or the host name of the web server.
        type: str
        required: true
      origin_access_control_id:
        description: Id of the origin access control with which CloudFront signs its requests to the bucket.
        type: str
      origin_path:
        description: What CloudFront puts in front of each path, without a slash at the end.
        type: str
      custom_headers:
        description: Headers that CloudFront adds to its requests to the origin.
        type: list
        elements: dict
        suboptions:
          header_name: {description: Name of the header., type: str, required: true}
          header_value:
            description: Its value, often a secret of the two. It is not shown in the result or in a diff.
            type: str
            required: true
      connection_attempts:
        description: How often CloudFront tries to connect, 1 to 3.
        type: int
      connection_timeout:
        description: How many seconds it waits for a connection, 1 to 10.
        type: int
      origin_shield:
        description: One more cache, which all others ask, in front of the origin.
        type: dict
        suboptions:
          enabled: {description: Whether there is one., type: bool, required: true}
          origin_shield_region: {description: "Its region, best the one closest to the origin.", type: str}
      s3_origin_config:
        description: The origin is a bucket. Only needed for what is below, or where the origin was something else.
        type: dict
        suboptions:
          origin_access_identity:
            description: Origin access identity, the predecessor of O(origins[].origin_access_control_id).
            type: str
      custom_origin_config:
        description: The origin is a web server.
        type: dict
        suboptions:
          http_port: {description: "Its port for HTTP; V(80) for a new origin, if not given.", type: int}
          https_port: {description: "Its port for HTTPS; V(443) for a new origin, if not given.", type: int}
          origin_protocol_policy:
            description: How CloudFront talks to it. V(https-only) for a new origin, if not given.
            type: str
            choices: [http-only, https-only, match-viewer]
          origin_ssl_protocols:
            description: TLS versions that CloudFront may use. V(TLSv1.2) alone for a new origin, if not given.
            type: list
            elements: str
            choices: [SSLv3, TLSv1, TLSv1.1, TLSv1.2]
          origin_read_timeout: {description: How many seconds CloudFront waits for an answer., type: int}
          origin_keepalive_timeout: {description: How many seconds it keeps an idle connection., type: int}
      vpc_origin_config:
        description: The origin is inside a VPC, without an address in the internet.
        type: dict
        suboptions:
          vpc_origin_id: {description: Id of the VPC origin., type: str, required: true}
          origin_read_timeout: {description: How many seconds CloudFront waits for an answer., type: int}
          origin_keepalive_timeout: {description: How many seconds it keeps an idle connection., type: int}
  origin_groups:
    description: Pairs of origins, of which the second answers when the first fails.
    type: list
    elements: dict
    suboptions:
      id:
        description: Name of the group, for O(default_cache_behavior.target_origin_id).
        type: str
        required: true
      failover_criteria:
        description: When the second is asked.
        type: dict
        required: true
        suboptions:
          status_codes:
            description: With which answers of the first.
            type: list
            elements: int
            required: true
      members:
        description: The first and the second origin.
        type: list
        elements: dict
        required: true
        suboptions:
          origin_id: {description: Id of the origin., type: str, required: true}
  default_cache_behavior:
    description: How requests are answered that no entry of O(cache_behaviors) fits. Needed to make a distribution.
    type: dict
    suboptions: &behavior
      target_origin_id:
        description: Id of the origin or origin group that answers. Needed for a new one.
        type: str
      viewer_protocol_policy:
        description: What becomes of plain HTTP. V(redirect-to-https) for a new one, if not given.
        type: str
        choices: [allow-all, https-only, redirect-to-https]
      allowed_methods:
        description: Methods that are let through. V(GET) and V(HEAD) for a new one, if not given.
        type: list
        elements: str
      cached_methods:
        description: Methods whose answers are cached. V(GET) and V(HEAD) for a new one, if not given.
        type: list
        elements: str
      cache_policy_id:
        description:
          - Id of the cache policy. AWS's CachingOptimized for a new one, if not given.
          - It takes the place of older cache settings, C(ForwardedValues) and the lifetimes, if there are some.
        type: str
      origin_request_policy_id:
        description: Id of the origin request policy.
        type: str
      response_headers_policy_id:
        description: Id of the response headers policy.
        type: str
      trusted_key_groups:
        description: Ids of the key groups whose signatures open the content. An empty list opens it to everyone.
        type: list
        elements: str
      compress:
        description: Whether CloudFront compresses what viewers can decompress. V(true) for a new one, if not given.
        type: bool
      function_associations:
        description: Functions of CloudFront Functions that run here, at most one for each kind of event.
        type: list
        elements: dict
        suboptions:
          function_arn: {description: ARN of the function., type: str, required: true}
          event_type:
            description: When it runs.
            type: str
            choices: [viewer-request, viewer-response]
            required: true
      lambda_function_associations:
        description: Functions of Lambda@Edge that run here, at most one for each kind of event.
        type: list
        elements: dict
        suboptions:
          lambda_function_arn:
            description: ARN of a version of the function, which must live in us-east-1.
            type: str
            required: true
          event_type:
            description: When it runs.
            type: str
            choices: [viewer-request, viewer-response, origin-request, origin-response]
            required: true
          include_body: {description: Whether it is given the body of the request., type: bool}
      grpc_config:
        description: Whether gRPC is let through. It needs V(POST) among the methods and HTTP/2.
        type: dict
        suboptions:
          enabled: {description: Whether it is., type: bool, required: true}
      realtime_log_config_arn:
        description: ARN of the real-time log configuration.
        type: str
      field_level_encryption_id:
        description: Id of the configuration for field-level encryption.
        type: str
      smooth_streaming:
        description: Whether media in the format Microsoft Smooth Streaming is served.
        type: bool
  cache_behaviors:
    description: How requests for some paths are answered. The first whose pattern fits counts.
    type: list
    elements: dict
    suboptions:
      path_pattern:
        description: Which paths, such as V(/raw/*). No two may have the same.
        type: str
        required: true
      <<: *behavior
  custom_error_responses:
    description: What viewers get in place of an error.
    type: list
    elements: dict
    suboptions:
      error_code:
        description: Status of the error, such as V(404).
        type: int
        required: true
      response_page_path:
        description: Path of the page that is sent, such as V(/errors/404.html). Goes with the status below.
        type: str
      response_code:
        description: Status that the page is sent with.
        type: str
      error_caching_min_ttl:
        description: For how many seconds CloudFront remembers the error. AWS takes 10.
        type: int
  logging:
    description: Standard logs, written to a bucket.
    type: dict
    suboptions:
      enabled:
        description: Whether logs are written. With V(false) the settings below are cleared.
        type: bool
        required: true
      bucket:
        description: Host name of the bucket, C(<bucket>.s3.amazonaws.com), which must allow ACLs.
        type: str
      prefix:
        description: What the names of the logs begin with.
        type: str
      include_cookies:
        description: Whether they hold cookies. Where cookies open the content, they should not.
        type: bool
  restrictions:
    description: Who is kept out.
    type: dict
    suboptions:
      geo_restriction:
        description: By the country that a request comes from.
        type: dict
        required: true
        suboptions:
          restriction_type:
            description: Whether the countries below are those let in, those kept out, or whether all are let in.
            type: str
            choices: [none, whitelist, blacklist]
            required: true
          items:
            description: Countries, by their two letters of ISO 3166.
            type: list
            elements: str
  web_acl_id:
    description: ARN of the web ACL of AWS WAF (version 2) that judges requests. It must be one of scope CLOUDFRONT.
    type: str
  viewer_certificate:
    description: The certificate for O(aliases). One of the first three says where it comes from.
    type: dict
    suboptions:
      acm_certificate_arn:
        description: Its ARN in Certificate Manager. CloudFront takes certificates of us-east-1 only.
        type: str
      iam_certificate_id:
        description: Its id, where IAM holds it.
        type: str
      cloudfront_default_certificate:
        description: With V(true), CloudFront's own certificate, which is good for its own host name only.
        type: bool
      ssl_support_method:
        description: How viewers say which host they mean.
        type: str
        choices: [sni-only, static-ip, vip]
        default: sni-only
      minimum_protocol_version:
        description: The security policy, named after the oldest TLS version that viewers may use.
        type: str
        default: TLSv1.2_2021
  last_modified_time:
    description:
      - The last change that O(wait=true) is for, as an earlier task returned it.
      - Right after a change CloudFront may still describe what was before, as deployed. A task that waits for a change
        of its own knows this time.
    type: str
notes:
  - O(wait=true) waits until the distribution is deployed, which takes minutes.
  - With O(state=absent) the distribution is disabled, and deleted once that is deployed; O(wait_timeout) limits it.
extends_documentation_fragment:
  - bioviewers.aws._attributes
  - bioviewers.aws._resource
  - bioviewers.aws._resource.wait
  - bioviewers.aws._resource.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Put a distribution in front of a private bucket
  bioviewers.aws.cloudfront_distribution:
    name: lab-viewer
    origins:
      - id: data
        domain_name: lab-private-data.s3.us-east-1.amazonaws.com
        origin_access_control_id: E327GJI25M56DG
    default_cache_behavior:
      target_origin_id: data
      trusted_key_groups: [2d0a3c6e-1f5b-4a0e-9c63-0f6f5b7c2f11]
    price_class: PriceClass_100

- name: Some paths from another bucket, some from a web server, all watched
  bioviewers.aws.cloudfront_distribution:
    name: lab-viewer
    origins:
      - id: data
        domain_name: lab-private-data.s3.us-east-1.amazonaws.com
      - id: public
        domain_name: lab-public-data.s3.us-east-1.amazonaws.com
        origin_access_control_id: E327GJI25M56DG
      - id: api
        domain_name: api.lab.example.org
        custom_origin_config:
          origin_read_timeout: 60
        custom_headers:
          - header_name: X-From-CloudFront
            header_value: "{{ origin_secret }}"
    cache_behaviors:
      - path_pattern: /public/*
        target_origin_id: public
        function_associations:
          - event_type: viewer-request
            function_arn: arn:aws:cloudfront::123456789012:function/strip-prefix
      - path_pattern: /api/*
        target_origin_id: api
        allowed_methods: [GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE]
        cache_policy_id: 4135ea2d-6df8-44a3-9df3-4b5a84be39ad # AWS's CachingDisabled
        origin_request_policy_id: b689b0a8-53d0-40ab-baf2-68738e2966ac # AWS's AllViewerExceptHostHeader
    custom_error_responses:
      - error_code: 404
        response_code: "404"
        response_page_path: /errors/404.html
    logging:
      enabled: true
      bucket: lab-logs.s3.amazonaws.com
      prefix: cdn/
    web_acl_id: arn:aws:wafv2:us-east-1:123456789012:global/webacl/lab/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111

- name: Answer for a host name, and wait until every edge does
  bioviewers.aws.cloudfront_distribution:
    name: lab-viewer
    aliases: [data.lab.example.org]
    viewer_certificate:
      acm_certificate_arn: arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0
    wait: true

- name: Remove it
  bioviewers.aws.cloudfront_distribution:
    name: lab-viewer
    state: absent
"""

RETURN = r"""
distribution:
  description: The distribution as CloudFront holds it, its configuration in the words of the options.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: Id of the distribution. A stand-in, as all that AWS gives it, when it would be made in check mode.
      type: str
      sample: EDFDVBD632BHDS5
    arn:
      description: ARN of the distribution.
      type: str
    domain_name:
      description: Host name of the distribution, the target of alias records.
      type: str
      sample: d111111abcdef8.cloudfront.net
    last_modified_time:
      description: When the distribution was changed last.
      type: str
      sample: "2026-01-31T12:00:00.123000+00:00"
    status:
      description: V(Deployed), or V(InProgress) while edges still answer with an older configuration.
      type: str
    tags:
      description: Tags of the distribution.
      type: dict
"""

import datetime
from dataclasses import replace
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found, Spelling
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import TAGS, WAIT, Passing
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cloudfront import CloudFrontResource
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cloudfront_distribution import (
    NEW_BEHAVIOR,
    NO_LOGS,
    behaviors,
    certificate,
    defaults_for,
    drop_empty_policy_ids,
    is_named,
    to_api_shape,
    with_unset,
)

STRINGS = {"type": "list", "elements": "str"}
SWITCH = {"type": "bool"}
NUMBER = {"type": "int"}
VIEWER_EVENTS = ["viewer-request", "viewer-response"]
TIMEOUTS = {"origin_read_timeout": NUMBER, "origin_keepalive_timeout": NUMBER}


def required(**rest: Any) -> dict[str, Any]:
    return {**rest, "required": True}


def group(**options: Any) -> dict[str, Any]:
    return {"type": "dict", "options": options}


def groups(**options: Any) -> dict[str, Any]:
    return {"type": "list", "elements": "dict", "options": options}


ORIGIN = {
    "id": required(),
    "domain_name": required(),
    "origin_access_control_id": {},
    "origin_path": {},
    "custom_headers": groups(header_name=required(), header_value=required(no_log=True)),
    "connection_attempts": NUMBER,
    "connection_timeout": NUMBER,
    "origin_shield": group(enabled=required(type="bool"), origin_shield_region={}),
    "s3_origin_config": group(origin_access_identity={}),
    "custom_origin_config": group(
        http_port=NUMBER,
        https_port=NUMBER,
        origin_protocol_policy={"choices": ["http-only", "https-only", "match-viewer"]},
        origin_ssl_protocols={**STRINGS, "choices": ["SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"]},
        **TIMEOUTS,
    ),
    "vpc_origin_config": group(vpc_origin_id=required(), **TIMEOUTS),
}
ONE_KIND = [("s3_origin_config", "custom_origin_config", "vpc_origin_config")]
BEHAVIOR = {
    "target_origin_id": {},
    "viewer_protocol_policy": {"choices": ["allow-all", "https-only", "redirect-to-https"]},
    "allowed_methods": STRINGS,
    "cached_methods": STRINGS,
    "cache_policy_id": {},
    "origin_request_policy_id": {},
    "response_headers_policy_id": {},
    "trusted_key_groups": {**STRINGS, "no_log": False},
    "compress": SWITCH,
    "function_associations": groups(function_arn=required(), event_type=required(choices=VIEWER_EVENTS)),
    "lambda_function_associations": groups(
        lambda_function_arn=required(),
        event_type=required(choices=[*VIEWER_EVENTS, "origin-request", "origin-response"]),
        include_body=SWITCH,
    ),
    "grpc_config": group(enabled=required(type="bool")),
    "realtime_log_config_arn": {},
    "field_level_encryption_id": {},
    "smooth_streaming": SWITCH,
}
ERROR = {
    "error_code": required(type="int"),
    "response_page_path": {},
    "response_code": {},
    "error_caching_min_ttl": NUMBER,
}
CERTIFICATE = {
    "acm_certificate_arn": {},
    "iam_certificate_id": {},
    "cloudfront_default_certificate": SWITCH,
    "ssl_support_method": {"choices": ["sni-only", "static-ip", "vip"], "default": "sni-only"},
    "minimum_protocol_version": {"default": "TLSv1.2_2021"},
}
ONE_SOURCE = [("acm_certificate_arn", "iam_certificate_id", "cloudfront_default_certificate")]
GEOGRAPHY = group(restriction_type=required(choices=["none", "whitelist", "blacklist"]), items=STRINGS)


class Distribution(CloudFrontResource):
    noun = "distribution"
    given = ("Id", "ARN", "DomainName", "Status")
    options = {
        "name": required(),
        "aliases": STRINGS,
        "comment": {},
        "enabled": SWITCH,
        "default_root_object": {},
        "price_class": {"choices": ["PriceClass_100", "PriceClass_200", "PriceClass_All"]},
        "http_version": {"choices": ["http1.1", "http2", "http3", "http2and3"]},
        "is_ipv6_enabled": SWITCH,
        "origins": {**groups(**ORIGIN), "mutually_exclusive": ONE_KIND},
        "origin_groups": groups(
            id=required(),
            failover_criteria=required(**group(status_codes=required(type="list", elements="int"))),
            members=required(**groups(origin_id=required())),
        ),
        "default_cache_behavior": group(**BEHAVIOR),
        "cache_behaviors": groups(path_pattern=required(), **BEHAVIOR),
        "custom_error_responses": groups(**ERROR),
        "logging": group(enabled=required(type="bool"), bucket={}, prefix={}, include_cookies=SWITCH),
        "restrictions": group(geo_restriction=required(**GEOGRAPHY)),
        "viewer_certificate": {
            **group(**CERTIFICATE),
            "mutually_exclusive": ONE_SOURCE,
            "required_one_of": ONE_SOURCE,
        },
        "web_acl_id": {},
        "last_modified_time": {},
        **TAGS,
        **WAIT,
    }
    secret = frozenset({"HeaderValue"})
    spelling = Spelling(
        {
            "acm_certificate_arn": "ACMCertificateArn",
            "cloudfront_default_certificate": "CloudFrontDefaultCertificate",
            "error_caching_min_ttl": "ErrorCachingMinTTL",
            "function_arn": "FunctionARN",
            "http_port": "HTTPPort",
            "https_port": "HTTPSPort",
            "iam_certificate_id": "IAMCertificateId",
            "is_ipv6_enabled": "IsIPV6Enabled",
            "lambda_function_arn": "LambdaFunctionARN",
            "ssl_support_method": "SSLSupportMethod",
            "web_acl_id": "WebACLId",
        }
    )

    retry_on = (
        # What ACM has just issued CloudFront learns of later; both refusals were met by terraform-provider-aws
        # (internal/service/cloudfront/distribution.go).
        Passing("InvalidViewerCertificate", seconds=120),
        Passing("IllegalUpdate"),
        Passing("DistributionNotDisabled"),  # it is, but that is not known everywhere
    )

    @property
    def initial(self) -> dict[str, Any]:
        return defaults_for({"Comment": "", "Enabled": True, "DefaultCacheBehavior": NEW_BEHAVIOR}, self.desired())

    def find(self) -> Found | None:
        aliases = set(self.params["aliases"] or [])
        likely_first = sorted(self.summaries(), key=lambda summary: aliases.isdisjoint(summary["Aliases"]))
        held = (self.get_or_none(summary["Id"]) for summary in likely_first)
        found = next((found for found in held if found and self._is_ours(found)), None)
        return found and replace(found, tags=self._tags(found))

    def desired(self) -> dict[str, Any]:
        asked = super().desired()
        asked = {key: value for key, value in asked.items() if key not in ("Name", "LastModifiedTime")}
        if self.params["state"] == "absent":
            return {"Enabled": False}  # what is enabled is not deleted
        for behavior in behaviors(asked):
            to_api_shape(behavior)
        if "ViewerCertificate" in asked:
            asked["ViewerCertificate"] = certificate(asked["ViewerCertificate"])
        if asked.get("Logging", {}).get("Enabled") is False:
            # "If you specify false for Enabled, values that you specify for Bucket and Prefix are deleted."
            # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_LoggingConfig.html
            asked["Logging"] = NO_LOGS
        if asked.get("Restrictions", {}).get("GeoRestriction", {}).get("RestrictionType") == "none":
            asked["Restrictions"]["GeoRestriction"]["Items"] = []
        return asked

    def merged(self, held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        return with_unset(super().merged(defaults_for(held, asked), asked))

    def delete(self, found: Found) -> None:
        if found.config["Enabled"]:
            found = self.update(found, self.merged(found.config, self.desired()))
        super().delete(self.wait(found))
        # What it uses is in use until then.
        self.until(lambda: not self.get_or_none(found.facts["Id"]), "gone")

    def wait(self, found: Found) -> Found:
        written = [found.facts["LastModifiedTime"]]
        if asked := self.params["last_modified_time"]:
            written.append(datetime.datetime.fromisoformat(asked))
        return self.until(lambda: self._deployed(found, max(written)), "deployed")

    def tag(self, found: Found, missing: dict[str, str], surplus: list[str]) -> None:
        arn = {"Resource": found.facts["ARN"]}
        if surplus:
            self.call("untag_resource", TagKeys={"Items": surplus}, **arn)
        if missing:
            self.call("tag_resource", Tags={"Items": ansible_dict_to_boto3_tag_list(missing)}, **arn)

    def read(self, response: dict[str, Any]) -> Found:
        found = super().read(response)
        for outdated in ("Certificate", "CertificateSource"):  # they repeat what stands beside them
            found.config.get("ViewerCertificate", {}).pop(outdated, None)
        if "HttpVersion" in found.config:  # AWS answers HTTP2 to http2
            found.config["HttpVersion"] = found.config["HttpVersion"].lower()
        return replace(found, config=with_unset(found.config))

    def _write(self, verb: str, config: dict[str, Any], **request: Any) -> Found:
        return super()._write(verb, drop_empty_policy_ids(config), **request)

    def _is_ours(self, found: Found) -> bool:
        return is_named(self.name, found.config)

    def _deployed(self, found: Found, written: datetime.datetime) -> Found | None:
        seen = self.get(found.facts["Id"])
        outdated = seen.facts["LastModifiedTime"] < written  # not everywhere is the last update
        return seen if seen.facts["Status"] == "Deployed" and not outdated else None

    def _tags(self, found: Found) -> dict[str, str]:
        held = self.call("list_tags_for_resource", Resource=found.facts["ARN"])["Tags"]
        return boto3_tag_list_to_ansible_dict(held.get("Items", []))


main = Distribution.main

if __name__ == "__main__":
    main()
