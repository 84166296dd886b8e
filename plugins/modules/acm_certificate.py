# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: acm_certificate
short_description: Request a certificate from AWS Certificate Manager
version_added: 0.1.0
description:
  - Requests, tags and deletes a public certificate that is validated by DNS.
  - The certificate is known by its exact set of names. Of several, an issued one is taken before one that waits for
    validation, one in use before others, then the oldest. Imported certificates and those validated by e-mail are left
    alone, and so are failed and expired ones, which a new request replaces.
  - CloudFront takes certificates from us-east-1 only, a load balancer those of its own region. Choose with O(region).
options:
  domain_name:
    description: Main name of the certificate.
    type: str
    required: true
  certificate_arn:
    description:
      - ARN of the certificate, as an earlier task returned it.
      - Lists may lack for a while what was made a moment ago; with this a second task finds it nevertheless, and makes
        no other.
    type: str
  subject_alternative_names:
    description: Its other names, such as V(*.lab.example.org).
    type: list
    elements: str
    default: []
  validation_method:
    description: How AWS checks that the names are yours.
    type: str
    choices: [DNS]
    default: DNS
  key_algorithm:
    description:
      - Kind of its key. V(RSA_2048) for a new certificate, if not given.
      - When given, only a certificate with such a key is taken, so another value makes another certificate.
    type: str
    choices: [RSA_2048, EC_prime256v1, EC_secp384r1]
  options:
    description: What else AWS may do with the certificate.
    type: dict
    suboptions:
      certificate_transparency_logging_preference:
        description: Whether it is added to public logs. AWS does, if not told otherwise; browsers want it.
        type: str
        choices: [ENABLED, DISABLED]
        required: true
notes:
  - The module returns as soon as AWS has told the DNS records that prove the names, up to a minute after the request.
    With O(wait=true) it waits until the certificate is issued, for which the records must be public.
  - A CAA record of the domain, if there is one, must allow V(amazon.com).
seealso:
  - name: DNS validation
    description: How AWS uses the records, also for renewal.
    link: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
extends_documentation_fragment:
  - bioviewers.aws._resource
  - bioviewers.aws._resource.wait
  - bioviewers.aws._attributes
  - bioviewers.aws._resource.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Request a certificate for a domain and the names in it
  bioviewers.aws.acm_certificate:
    domain_name: lab.example.org
    subject_alternative_names: ["*.lab.example.org"]
    region: us-east-1
  register: requested

- name: The same names with a key on an elliptic curve, in the region of a load balancer
  bioviewers.aws.acm_certificate:
    domain_name: lab.example.org
    subject_alternative_names: ["*.lab.example.org"]
    key_algorithm: EC_prime256v1
    region: eu-central-1
    tags:
      project: lab-viewer

- name: Publish the records that prove the domain
  amazon.aws.route53:
    zone: lab.example.org
    record: "{{ item.name }}"
    type: "{{ item.type }}"
    value: "{{ item.value }}"
    ttl: 300
    overwrite: true
    state: present
  loop: "{{ requested.certificate.resource_records }}"

- name: Wait until the certificate is issued
  bioviewers.aws.acm_certificate:
    domain_name: lab.example.org
    subject_alternative_names: ["*.lab.example.org"]
    region: us-east-1
    wait: true

- name: Delete a certificate that nothing uses any more
  bioviewers.aws.acm_certificate:
    domain_name: lab.example.org
    subject_alternative_names: ["*.lab.example.org"]
    region: us-east-1
    state: absent
"""

RETURN = r"""
certificate:
  description: The certificate. One that would be requested in check mode has a stand-in for its ARN and no records yet.
  returned: when O(state=present)
  type: dict
  contains:
    arn:
      description: ARN of the certificate.
      type: str
      returned: always
      sample: arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012
    status: {description: Status of the certificate., type: str, returned: always, sample: PENDING_VALIDATION}
    domain_name: {description: Main name., type: str, returned: always, sample: lab.example.org}
    subject_alternative_names:
      description: All names, sorted, the main one among them.
      type: list
      elements: str
      returned: always
      sample: ["*.lab.example.org", lab.example.org]
    key_algorithm: {description: Kind of its key., type: str, returned: when AWS tells it, sample: RSA_2048}
    resource_records:
      description: The DNS records that prove the names, each once. A domain and its wildcard share one.
      type: list
      elements: dict
      returned: always
      sample:
        - name: _x1.lab.example.org.
          type: CNAME
          value: _x2.acm-validations.aws.
    in_use_by: {description: ARNs of what uses the certificate., type: list, elements: str, returned: always}
    tags: {description: Tags of the certificate., type: dict, returned: always}
"""

import hashlib
import time
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import TAGS, WAIT, Resource
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.unknown import unknown

LOGGING = "certificate_transparency_logging_preference"
RECORDS_TOLD_WITHIN = 300  # seconds; terraform-provider-aws waits as long (certificateDNSValidationAssignmentTimeout)
USABLE = ["ISSUED", "PENDING_VALIDATION"]  # in order of preference


def all_names(certificate: dict[str, Any]) -> list[str]:
    """All names in one form: AWS counts the main name among the alternative ones."""
    return sorted({name.lower() for name in [certificate["DomainName"], *certificate["SubjectAlternativeNames"]]})


def dns_validated(certificate: dict[str, Any]) -> bool:
    options = certificate.get("DomainValidationOptions", [])
    return certificate["Type"] == "AMAZON_ISSUED" and all(o.get("ValidationMethod") == "DNS" for o in options)


def best(certificates: list[dict[str, Any]]) -> dict[str, Any] | None:
    def rank(certificate: dict[str, Any]) -> tuple:
        return USABLE.index(certificate["Status"]), not certificate["InUseBy"], certificate["CreatedAt"]

    return min(certificates, key=rank, default=None)


def records(certificate: dict[str, Any]) -> list[dict[str, str]] | None:
    """Each validation record once, or None as long as AWS has not told all of them."""
    options = certificate.get("DomainValidationOptions") or [{}]
    if not all("ResourceRecord" in option for option in options):
        return None
    each = {record["Name"]: record for record in (option["ResourceRecord"] for option in options)}
    return [each[name] for name in sorted(each)]


def settings(certificate: dict[str, Any]) -> dict[str, Any]:
    """The settings that can be asked for, as far as AWS tells them, in the spelling of the request."""
    logged = {key: certificate.get("Options", {}).get(key) for key in ("CertificateTransparencyLoggingPreference",)}
    key = certificate.get("KeyAlgorithm", "").replace("-", "_")  # described as RSA-2048, requested as RSA_2048
    told = {"KeyAlgorithm": key, "Options": logged if all(logged.values()) else None}
    return {name: value for name, value in told.items() if value}


def request_token(names: list[str], now: float) -> str:
    """Same for runs within seconds of each other, so that they make one certificate.

    Later runs find the certificate in the list. A token that lasts, which AWS remembers for an hour, would hand out
    a failed or deleted certificate again.
    """
    return hashlib.sha256(f"{names} {now // 10}".encode()).hexdigest()[:32]


class Certificate(Resource):
    service = "acm"
    noun = "certificate"
    known = "certificate_arn"
    options = {
        "domain_name": {"required": True},
        "certificate_arn": {},
        "subject_alternative_names": {"type": "list", "elements": "str", "default": []},
        "validation_method": {"choices": ["DNS"], "default": "DNS"},
        "key_algorithm": {"choices": ["RSA_2048", "EC_prime256v1", "EC_secp384r1"], "no_log": False},
        "options": {"type": "dict", "options": {LOGGING: {"choices": ["ENABLED", "DISABLED"], "required": True}}},
        **TAGS,
        **WAIT,
    }

    @property
    def name(self) -> str:
        return self.params["domain_name"]

    def desired(self) -> dict[str, Any]:
        asked = super().desired()
        return {**asked, "DomainName": self.name.lower(), "SubjectAlternativeNames": all_names(asked)}

    def placeholders(self) -> dict[str, Any]:
        return {"Arn": unknown(f"{self.noun} {self.name}"), "Status": USABLE[1], "ResourceRecords": [], "InUseBy": []}

    def find(self) -> Found | None:
        if arn := self.known_id:
            return self._with_records(arn) if self.params["state"] == "present" or self._describe(arn) else None
        # Without key types AWS lists RSA certificates of up to 2048 bits only.
        key_types = self.client.meta.service_model.shape_for("KeyAlgorithm").enum
        filters = {"CertificateStatuses": USABLE, "Includes": {"keyTypes": key_types}}
        listed = self.pages("list_certificates", "CertificateSummaryList", **filters)
        arns = [item["CertificateArn"] for item in listed if item["DomainName"].lower() == self.name.lower()]
        described = [certificate for certificate in map(self._describe, arns) if certificate]
        certificate = best([certificate for certificate in described if self._fits(certificate)])
        return certificate and self._with_records(certificate["CertificateArn"])

    def create(self, config: dict[str, Any]) -> Found:
        tags = self._wanted_tags({})
        token = request_token(config["SubjectAlternativeNames"], time.time())
        extra = {"Tags": ansible_dict_to_boto3_tag_list(tags)} if tags else {}
        made = self.call("request_certificate", **config, **extra, IdempotencyToken=token)
        return self._with_records(made["CertificateArn"])

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        self.call("update_certificate_options", CertificateArn=found.facts["Arn"], Options=config["Options"])
        return self._with_records(found.facts["Arn"])

    def delete(self, found: Found) -> None:
        if users := found.facts["InUseBy"]:
            raise AnsibleAWSError(message=f"It is in use by {', '.join(users)}. Take it from there first.")
        try:
            self.call("delete_certificate", CertificateArn=found.facts["Arn"])
        except is_boto3_error_code("ResourceInUseException"):
            unnamed = "It is in use by something that ACM does not name. Try again when ACM has forgotten it."
            raise AnsibleAWSError(message=unnamed) from None

    def tag(self, found: Found, missing: dict[str, str], surplus: list[str]) -> None:
        arn = found.facts["Arn"]
        if surplus:
            self.call("remove_tags_from_certificate", CertificateArn=arn, Tags=[{"Key": key} for key in surplus])
        if missing:
            tags = ansible_dict_to_boto3_tag_list(missing)
            self.call("add_tags_to_certificate", CertificateArn=arn, Tags=tags)

    def wait(self, found: Found) -> Found:
        def issued() -> dict[str, Any] | None:
            return self._issued(self._describe(found.facts["Arn"]) or {"Status": "deleted"})

        return self._found(self.until(issued, "issued (are its resource_records public?)"))

    def _issued(self, certificate: dict[str, Any]) -> dict[str, Any] | None:
        status, reason = certificate["Status"], certificate.get("FailureReason")
        if status not in USABLE:
            why = f" ({reason})" if reason else ""
            raise AnsibleAWSError(message=f"It is {status}{why}. Correct the cause, then run again for a new one.")
        return certificate if status == "ISSUED" else None

    def _fits(self, certificate: dict[str, Any]) -> bool:
        same_names = all_names(certificate) == self.desired()["SubjectAlternativeNames"]
        same_key = self.params["key_algorithm"] in (None, settings(certificate).get("KeyAlgorithm"))
        return dns_validated(certificate) and same_names and same_key

    def _describe(self, arn: str) -> dict[str, Any] | None:
        try:
            return self.call("describe_certificate", CertificateArn=arn)["Certificate"]
        except is_boto3_error_code("ResourceNotFoundException"):
            return None  # just deleted, or so new that AWS does not know it everywhere

    def _with_records(self, arn: str) -> Found:
        def complete() -> dict[str, Any] | None:
            certificate = self._describe(arn) or {}
            return certificate if certificate.get("Status") not in (None, USABLE[1]) or records(certificate) else None

        what = f"told by AWS which DNS records prove the names of {arn}"
        return self._found(self.until(complete, what, delay=2, timeout=RECORDS_TOLD_WITHIN))

    def _found(self, certificate: dict[str, Any]) -> Found:
        arn = certificate["CertificateArn"]
        tags = self.call("list_tags_for_certificate", CertificateArn=arn).get("Tags", [])
        facts = {
            "Arn": arn,
            "Status": certificate["Status"],
            "ResourceRecords": records(certificate) or [],
            "InUseBy": certificate.get("InUseBy", []),
        }
        config = {**self.desired(), **settings(certificate)}
        return Found(config, facts, tags=boto3_tag_list_to_ansible_dict(tags))


main = Certificate.main

if __name__ == "__main__":
    main()
