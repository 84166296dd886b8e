#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_public_key
version_added: 0.1.0
short_description: Public keys with which CloudFront checks signed cookies and signed URLs
description:
  - Makes, comments and deletes a public key in CloudFront.
    Key groups (M(bioviewers.aws.cloudfront_key_group)) list such keys.
  - CloudFront can't change the key itself. To rotate, make another one with another name, for example one that carries
    the key's fingerprint.
options:
  name:
    description: Name of the key, unique in the account.
    type: str
    required: true
  encoded_key:
    description:
      - The public key in PEM form, RSA with 2048 bits or ECDSA on P-256; CloudFront takes no others. Required when
        O(state=present).
      - White space around the lines makes no difference.
    type: str
  comment:
    description: What the key is for. All that can be changed.
    type: str
extends_documentation_fragment:
  - bioviewers.aws._attributes
  - bioviewers.aws._resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Give CloudFront the public half of the cookie signing key
  bioviewers.aws.cloudfront_public_key:
    name: lab-viewer-k1-3f9a1c20
    encoded_key: "{{ lookup('ansible.builtin.file', 'k1.pub.pem') }}"
    comment: Signs the cookies of the lab's viewer

- name: Remove a key that no key group lists any more
  bioviewers.aws.cloudfront_public_key:
    name: lab-viewer-k0-77b0aa51
    state: absent
"""

RETURN = r"""
public_key:
  description: The key as CloudFront holds it.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description:
        - Id of the key, and value of the cookie C(CloudFront-Key-Pair-Id).
        - A stand-in when the key would be made in check mode.
      type: str
      sample: K2JCJMDEHXQW5F
    name:
      description: Name of the key.
      type: str
    encoded_key:
      description: The key in PEM form.
      type: str
    comment:
      description: Comment on the key.
      type: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.unknown import is_unknown
from ansible_collections.bioviewers.aws.plugins.module_utils._services.cloudfront import CloudFrontResource

# How keys of the two kinds that CloudFront takes begin, in Base64.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-trusted-signers.html
HEADER = "-----BEGIN PUBLIC KEY-----"
RSA_2048 = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"
ECDSA_P256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"


class PublicKey(CloudFrontResource):
    noun = "public key"
    options = {"name": {"required": True}, "encoded_key": {"no_log": False}, "comment": {}}
    immutable = {
        "EncodedKey": "Make a public key of another name, let the key group list both, and remove this one when the "
        "last cookie that it signed has expired."
    }

    def merged(self, held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        same = pem(held["EncodedKey"]) == asked["EncodedKey"]
        return super().merged(held, {**asked, "EncodedKey": held["EncodedKey"]} if same else asked)

    def desired(self) -> dict[str, Any]:
        asked = super().desired()
        key = pem(asked["EncodedKey"])
        if not (is_unknown(key) or is_taken(key)):
            kinds = "RSA with 2048 bits or ECDSA on P-256"
            raise AnsibleAWSError(message=f"encoded_key must be a public key, {kinds}, that begins with {HEADER}.")
        return {**asked, "EncodedKey": key}


def is_taken(key: str) -> bool:
    header, *body = key.splitlines()
    return header == HEADER and "".join(body).startswith((RSA_2048, ECDSA_P256))


def pem(text: str) -> str:
    """One form for one key: stripped lines, one newline at the end."""
    return "\n".join(line.strip() for line in text.strip().splitlines()) + "\n"


def main() -> None:
    PublicKey.main(required_if=[("state", "present", ("encoded_key",))])


if __name__ == "__main__":
    main()
