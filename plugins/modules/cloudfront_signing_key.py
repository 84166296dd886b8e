#!/usr/bin/python
# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_signing_key
version_added: 0.1.0
short_description: Key pairs in Parameter Store that sign what CloudFront checks
description:
  - Makes and deletes a key pair in Systems Manager's Parameter Store, the private key as a SecureString O(name), the
    public key as a String C(<name>.pub). CloudFront gets the public key by M(bioviewers.aws.cloudfront_public_key).
  - The pair is made in memory, once. The private key is in no file, no result and no log, and is never deciphered here.
  - The public key is written last, so that its presence tells that the pair is complete. What an interrupted run left
    is made anew by the next one, and so is a pair of which one key was lost.
options:
  name:
    description: Name of the private key's parameter, a path.
    type: str
    required: true
  kms_key_id:
    description: KMS key that encrypts the private key, when it is made.
    type: str
    default: alias/aws/ssm
  signs:
    description: What is signed with the key, for the descriptions of the parameters, when they are made.
    type: str
    default: cookies and URLs
extends_documentation_fragment:
  - bioviewers.aws._attributes
  - bioviewers.aws._resource
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - bioviewers.aws._resource.tags
"""

EXAMPLES = r"""
- name: Create the key pair that signs the viewer's cookies
  bioviewers.aws.cloudfront_signing_key:
    name: /lab-viewer/cookie-signing-keys/k1
    signs: cookies of data.lab.example.org
    tags: {project: lab-viewer}
  register: signing_key

- name: Create the public key in CloudFront
  bioviewers.aws.cloudfront_public_key:
    name: lab-viewer-k1
    encoded_key: "{{ signing_key.signing_key.public_key }}"

- name: Remove the key pair
  bioviewers.aws.cloudfront_signing_key:
    name: /lab-viewer/cookie-signing-keys/k1
    state: absent
"""

RETURN = r"""
signing_key:
  description: The key pair, without its private key.
  returned: when O(state=present)
  type: dict
  contains:
    name:
      description: Name of the private key's parameter.
      type: str
      sample: /lab-viewer/cookie-signing-keys/k1
    parameters:
      description: Names of the parameters that hold the pair.
      type: list
      elements: str
      sample: [/lab-viewer/cookie-signing-keys/k1, /lab-viewer/cookie-signing-keys/k1.pub]
    public_key:
      description:
        - The public key in PEM form.
        - A stand-in when the pair would be made in check mode.
      type: str
    tags:
      description: Tags of the parameters.
      type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import TAGS, Passing, Resource
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.unknown import unknown

try:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
except ImportError:
    rsa = None

# CloudFront takes no other RSA keys (CloudFront Developer Guide, "Specify signers that can create signed cookies").
BITS = 2048
EXPONENT = 65537


class SigningKey(Resource):
    service = "ssm"
    noun = "signing key"
    options = {
        "name": {"required": True},
        "kms_key_id": {"default": "alias/aws/ssm", "no_log": False},
        "signs": {"default": "cookies and URLs"},
        **TAGS,
    }
    given = ("PublicKey",)
    retry_on = (Passing("TooManyUpdates"),)

    def __init__(self, module: AnsibleAWSModule) -> None:
        super().__init__(module)
        self.public_name = f"{self.name}.pub"

    def desired(self) -> dict[str, Any]:
        return {"Name": self.name, "Parameters": [self.name, self.public_name]}

    def find(self) -> Found | None:
        values = {name: self._value(name) for name in (self.name, self.public_name)}
        held = [name for name, value in values.items() if value]
        if not held:
            return None
        # Of an incomplete pair the public key is about to be another one.
        public = values[self.public_name] if len(held) == 2 else unknown(f"{self.noun} {self.name}")
        tags = self.call("list_tags_for_resource", ResourceType="Parameter", ResourceId=held[0])["TagList"]
        config = {"Name": self.name, "Parameters": held}
        return Found(config, {"PublicKey": public}, tags=boto3_tag_list_to_ansible_dict(tags))

    def _value(self, name: str) -> str | None:
        """A parameter's value, the private key's as it is: enciphered."""
        try:
            return self.call("get_parameter", Name=name, WithDecryption=False)["Parameter"]["Value"]
        except is_boto3_error_code("ParameterNotFound"):
            return None

    def create(self, config: dict[str, Any]) -> Found:
        return self._make(Found(config, tags=self._wanted_tags({})), replace=False)

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        if self.public_name in found.config["Parameters"]:
            # Beside the new private key it would be taken for the other half of a complete pair.
            self.call("delete_parameter", Name=self.public_name)
        return self._make(Found(config, tags=found.tags), replace=True)

    def _make(self, found: Found, replace: bool) -> Found:
        private, public = self._pair()
        signs, key = self.params["signs"], self.params["kms_key_id"]
        secret = {"Type": "SecureString", "KeyId": key, "Description": f"Private key that signs the {signs}"}
        text = {"Type": "String", "Description": f"Public key that the {signs} are checked with"}
        self._put({"Name": self.name, "Value": private, **secret}, found.tags, replace)
        self._put({"Name": self.public_name, "Value": public, **text}, found.tags, replace=True)
        return Found(found.config, {"PublicKey": public}, tags=found.tags)

    def _put(self, parameter: dict[str, str], tags: dict[str, str], replace: bool) -> None:
        """A new parameter; only a new one can be given tags (Systems Manager API Reference, "PutParameter").

        A private key that nobody knew of was made a moment ago, by another run, and is not replaced.
        """
        listed = {"Tags": ansible_dict_to_boto3_tag_list(tags)} if tags else {}
        try:
            self.call("put_parameter", **parameter, **listed)
        except is_boto3_error_code("ParameterAlreadyExists"):
            if not replace:
                raise
            self.call("put_parameter", **parameter, Overwrite=True)

    def _pair(self) -> tuple[str, str]:
        """A private and its public key, in PEM form."""
        if rsa is None:
            self.module.fail_json(msg="Failed to create a key pair: the Python library cryptography is not installed.")
        key = rsa.generate_private_key(public_exponent=EXPONENT, key_size=BITS)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return private.decode(), public.decode()

    def delete(self, found: Found) -> None:
        for name in reversed(found.config["Parameters"]):
            self.call("delete_parameter", Name=name)

    def tag(self, found: Found, missing: dict[str, str], surplus: list[str]) -> None:
        """The private key's last: its tags are those that are looked at."""
        for name in reversed(found.config["Parameters"]):
            of_one = {"ResourceType": "Parameter", "ResourceId": name}
            if surplus:
                self.call("remove_tags_from_resource", **of_one, TagKeys=surplus)
            if missing:
                self.call("add_tags_to_resource", **of_one, Tags=ansible_dict_to_boto3_tag_list(missing))


main = SigningKey.main

if __name__ == "__main__":
    main()
