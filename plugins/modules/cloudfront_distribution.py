#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_distribution
version_added: 0.1.0
short_description: CloudFront distributions in front of private buckets
description:
  - Makes, changes and deletes a distribution in CloudFront.
  - Settings that are not given keep the value they have, also those that have no option here. A list that is given
    replaces the list that is there; origins that stay keep those of their settings that are not given.
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
    description: Where the content comes from. Needed to make a distribution.
    type: list
    elements: dict
    suboptions:
      id:
        description: Name of the origin within the distribution.
        type: str
        required: true
      domain_name:
        description: The bucket's regional host name, never a website endpoint.
        type: str
        required: true
      origin_access_control_id:
        description: Id of the origin access control with which CloudFront signs its requests to the bucket.
        type: str
      origin_path:
        description: What CloudFront puts in front of each path, without a slash at the end.
        type: str
  default_cache_behavior:
    description: How requests are answered. Needed to make a distribution.
    type: dict
    suboptions:
      target_origin_id:
        description: Id of the origin that answers.
        type: str
      viewer_protocol_policy:
        description: What becomes of plain HTTP. V(redirect-to-https) for a new distribution, if not given.
        type: str
        choices: [allow-all, https-only, redirect-to-https]
      allowed_methods:
        description: Methods that are let through. V(GET) and V(HEAD) for a new distribution, if not given.
        type: list
        elements: str
      cached_methods:
        description: Methods whose answers are cached. V(GET) and V(HEAD) for a new distribution, if not given.
        type: list
        elements: str
      cache_policy_id:
        description: Id of the cache policy. AWS's CachingOptimized for a new distribution, if not given.
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
  viewer_certificate:
    description: The certificate for O(aliases).
    type: dict
    suboptions:
      acm_certificate_arn:
        description: Its ARN. CloudFront takes certificates of us-east-1 only.
        type: str
        required: true
      ssl_support_method:
        description: How viewers say which host they mean.
        type: str
        choices: [sni-only, static-ip, vip]
        default: sni-only
      minimum_protocol_version:
        description: The security policy, named after the oldest TLS version that viewers may use.
        type: str
        default: TLSv1.2_2021
notes:
  - O(wait=true) waits until the distribution is deployed, which takes minutes.
  - With O(state=absent) the distribution is disabled, and deleted once that is deployed; O(wait_timeout) limits it.
extends_documentation_fragment:
  - bioviewers.aws._attributes
  - bioviewers.aws._resource
  - bioviewers.aws._resource.wait
  - amazon.aws.tags
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
    status:
      description: V(Deployed), or V(InProgress) while edges still answer with an older configuration.
      type: str
    tags:
      description: Tags of the distribution.
      type: dict
"""

from dataclasses import replace
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._cloudfront import CloudFrontResource
from ansible_collections.bioviewers.aws.plugins.module_utils._resource import TAGS, WAIT
from ansible_collections.bioviewers.aws.plugins.module_utils._shapes import Found, Spelling

STRINGS = {"type": "list", "elements": "str"}
ORIGIN = {
    "id": {"required": True},
    "domain_name": {"required": True},
    "origin_access_control_id": {},
    "origin_path": {},
}
BEHAVIOR = {
    "target_origin_id": {},
    "viewer_protocol_policy": {"choices": ["allow-all", "https-only", "redirect-to-https"]},
    "allowed_methods": STRINGS,
    "cached_methods": STRINGS,
    "cache_policy_id": {},
    "origin_request_policy_id": {},
    "response_headers_policy_id": {},
    "trusted_key_groups": {**STRINGS, "no_log": False},
    "compress": {"type": "bool"},
}
CERTIFICATE = {
    "acm_certificate_arn": {"required": True},
    "ssl_support_method": {"choices": ["sni-only", "static-ip", "vip"], "default": "sni-only"},
    "minimum_protocol_version": {"default": "TLSv1.2_2021"},
}
READ = ["GET", "HEAD"]


class Distribution(CloudFrontResource):
    noun = "distribution"
    given = ("Id", "ARN", "DomainName", "Status")
    options = {
        "name": {"required": True},
        "aliases": STRINGS,
        "comment": {},
        "enabled": {"type": "bool"},
        "default_root_object": {},
        "price_class": {"choices": ["PriceClass_100", "PriceClass_200", "PriceClass_All"]},
        "http_version": {"choices": ["http1.1", "http2", "http3", "http2and3"]},
        "is_ipv6_enabled": {"type": "bool"},
        "origins": {"type": "list", "elements": "dict", "options": ORIGIN},
        "default_cache_behavior": {"type": "dict", "options": BEHAVIOR},
        "viewer_certificate": {"type": "dict", "options": CERTIFICATE},
        **TAGS,
        **WAIT,
    }
    initial = {
        "Comment": "",
        "Enabled": True,
        "DefaultCacheBehavior": {
            "ViewerProtocolPolicy": "redirect-to-https",
            "AllowedMethods": {"Items": READ, "CachedMethods": READ},
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",  # CachingOptimized, one id in all accounts
            "Compress": True,
        },
    }
    spelling = Spelling(
        {
            "acm_certificate_arn": "ACMCertificateArn",
            "cloudfront_default_certificate": "CloudFrontDefaultCertificate",
            "is_ipv6_enabled": "IsIPV6Enabled",
            "ssl_support_method": "SSLSupportMethod",
        }
    )

    def find(self) -> Found | None:
        aliases = set(self.params["aliases"] or [])
        likely_first = sorted(self.summaries(), key=lambda summary: aliases.isdisjoint(summary["Aliases"]))
        held = (self.get(summary["Id"]) for summary in likely_first)
        found = next((found for found in held if self._is_ours(found)), None)
        return found and replace(found, tags=self._tags(found))

    def desired(self) -> dict[str, Any]:
        asked = super().desired()
        del asked["Name"]
        for origin in asked.get("Origins", []):
            origin["S3OriginConfig"] = {"OriginAccessIdentity": ""}  # required even when an access control signs
        if "DefaultCacheBehavior" in asked:
            asked["DefaultCacheBehavior"] = in_groups(asked["DefaultCacheBehavior"])
        if "ViewerCertificate" in asked:
            asked["ViewerCertificate"]["CloudFrontDefaultCertificate"] = False
        return asked

    def delete(self, found: Found) -> None:
        if found.config["Enabled"]:
            found = self.update(found, {**found.config, "Enabled": False})
        super().delete(self.wait(found))

    def wait(self, found: Found) -> Found:
        return self.until(lambda: self._deployed(found.facts["Id"]), "deployed")

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
        return found

    def _is_ours(self, found: Found) -> bool:
        return f"{found.config['CallerReference']}/".startswith(f"{self.name}/")

    def _deployed(self, resource_id: str) -> Found | None:
        found = self.get(resource_id)
        return found if found.facts["Status"] == "Deployed" else None

    def _tags(self, found: Found) -> dict[str, str]:
        held = self.call("list_tags_for_resource", Resource=found.facts["ARN"])["Tags"]
        return boto3_tag_list_to_ansible_dict(held.get("Items", []))


def in_groups(behavior: dict[str, Any]) -> dict[str, Any]:
    """In the API the cached methods stand among the allowed ones, and key groups have a switch."""
    pairs = {"Items": behavior.pop("AllowedMethods", None), "CachedMethods": behavior.pop("CachedMethods", None)}
    methods = {key: value for key, value in pairs.items() if value is not None}
    groups = behavior.pop("TrustedKeyGroups", None)
    if methods:
        behavior["AllowedMethods"] = methods
    if groups is not None:
        behavior["TrustedKeyGroups"] = {"Enabled": bool(groups), "Items": groups}
    return behavior


main = Distribution.main

if __name__ == "__main__":
    main()
