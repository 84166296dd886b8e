"""Certificates that wait for their DNS records."""

from __future__ import annotations

import datetime
import hashlib
from typing import Any

from botocore import xform_name

from tests.unit.strict.models import Refusal

EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
# Looks at it: a module may have to look for minutes until AWS has told the records.
RECORDS_AFTER, ISSUED_AFTER = 100, 103
DEFAULT_KEY_TYPES = ["RSA_1024", "RSA_2048"]


class Acm:
    def __init__(self, account: Any) -> None:
        self.account = account

    @property
    def certificates(self) -> dict[str, dict[str, Any]]:
        return self.account.held["Certificate"]

    def put(self, arn: str, name: str, *others: str, **more: Any) -> None:
        config = {"DomainName": name, "SubjectAlternativeNames": [name, *others], "KeyAlgorithm": "RSA_2048"}
        made = {"made": self.account.clock, "token": None, "looks": ISSUED_AFTER, "in_use_by": []}
        self.certificates[arn] = {"config": {**config, "ValidationMethod": "DNS"}, "tags": {}, **made, **more}

    def answer(self, model: Any, request: dict[str, Any]) -> dict[str, Any] | None:
        arn = request.get("CertificateArn")
        if arn and arn not in self.certificates:
            raise Refusal("ResourceNotFoundException", f"Could not find certificate {arn}.")
        return getattr(self, xform_name(model.name))(request, self.certificates.get(arn))

    def request_certificate(self, request: dict[str, Any], _token: None) -> dict[str, Any]:
        token = request.pop("IdempotencyToken", None)
        for arn, held in self.certificates.items():
            if token and held["token"] == token:
                return {"CertificateArn": arn}
        number = self.account.number()
        arn = f"arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-{number:012}"
        tags = {tag["Key"]: tag["Value"] for tag in request.pop("Tags", [])}
        names = [request["DomainName"], *request.get("SubjectAlternativeNames", [])]
        options = {"CertificateTransparencyLoggingPreference": "ENABLED", **request.pop("Options", {})}
        self.put(arn, *dict.fromkeys(name.lower() for name in names), tags=tags, looks=0, token=token)
        self.certificates[arn]["config"] |= {
            "KeyAlgorithm": request.get("KeyAlgorithm", "RSA_2048"),
            "Options": options,
        }
        return {"CertificateArn": arn}

    def list_certificates(self, request: dict[str, Any], _token: None) -> dict[str, Any]:
        kinds = request.get("Includes", {}).get("keyTypes", DEFAULT_KEY_TYPES)
        fits = [
            {"CertificateArn": arn, "DomainName": held["config"]["DomainName"]}
            for arn, held in self.certificates.items()
            if held["config"]["KeyAlgorithm"] in kinds
            and self.status(held) in request.get("CertificateStatuses", [self.status(held)])
        ]
        page, token = self.account.page(fits, request.get("NextToken"))
        return {"CertificateSummaryList": page, **({"NextToken": token} if token else {})}

    def describe_certificate(self, request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        held["looks"] += 1
        config = held["config"]
        validation = [self.validation(name, held) for name in config["SubjectAlternativeNames"]]
        described = {
            **{key: config[key] for key in ("DomainName", "SubjectAlternativeNames")},
            "CertificateArn": request["CertificateArn"],
            "Status": self.status(held),
            "Type": "AMAZON_ISSUED",
            "CreatedAt": EPOCH + datetime.timedelta(seconds=held["made"]),
            "InUseBy": held["in_use_by"],
            "DomainValidationOptions": validation,
            "KeyAlgorithm": config["KeyAlgorithm"].replace("RSA_", "RSA-"),
            "Options": {"CertificateTransparencyLoggingPreference": "ENABLED", **config.get("Options", {})},
        }
        return {"Certificate": described}

    def update_certificate_options(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        held["config"]["Options"] = held["config"].get("Options", {}) | request["Options"]

    def validation(self, name: str, held: dict[str, Any]) -> dict[str, Any]:
        base = name.removeprefix("*.")
        mark = hashlib.sha256(base.encode()).hexdigest()[:32]
        record = {"Name": f"_{mark}.{base}.", "Type": "CNAME", "Value": f"_{mark}.acm-validations.aws."}
        told = {"ResourceRecord": record} if held["looks"] > RECORDS_AFTER else {}
        return {"DomainName": name, "ValidationDomain": base, "ValidationMethod": "DNS", **told}

    def status(self, held: dict[str, Any]) -> str:
        return held.get("status") or ("ISSUED" if held["looks"] > ISSUED_AFTER else "PENDING_VALIDATION")

    def delete_certificate(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        if held["in_use_by"] or held.get("in_use"):
            raise Refusal("ResourceInUseException", "Certificate is in use.")
        del self.certificates[request["CertificateArn"]]

    def list_tags_for_certificate(self, request: dict[str, Any], held: dict[str, Any]) -> dict[str, Any]:
        tags = [{"Key": key, "Value": value} for key, value in held["tags"].items()]
        return {"Tags": tags} if tags else {}

    def add_tags_to_certificate(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        held["tags"] |= {tag["Key"]: tag["Value"] for tag in request["Tags"]}

    def remove_tags_from_certificate(self, request: dict[str, Any], held: dict[str, Any]) -> None:
        for tag in request["Tags"]:
            held["tags"].pop(tag["Key"], None)
