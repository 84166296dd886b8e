"""CloudFront: versions, counted lists, what must exist, what is in use."""

from __future__ import annotations

import copy
import datetime
import functools
import re
from collections.abc import Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.unit.strict.models import Refusal

KINDS = {  # to what AWS calls it when there is none, and when it is in use
    "Distribution": ("NoSuchDistribution", ""),
    "KeyGroup": ("NoSuchResource", "ResourceInUse"),
    "OriginAccessControl": ("NoSuchOriginAccessControl", "OriginAccessControlInUse"),
    "PublicKey": ("NoSuchPublicKey", "PublicKeyInUse"),
    "ResponseHeadersPolicy": ("NoSuchResponseHeadersPolicy", "ResponseHeadersPolicyInUse"),
}
OPERATION = re.compile(
    r"(?P<verb>Create|Get|List|Update|Delete)"
    r"(?P<kind>Distribution|KeyGroup|OriginAccessControl|PublicKey|ResponseHeadersPolic)(y|ies|s)?(?P<part>\w*)"
)
EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
DEPLOYED_AFTER = 3  # calls
# For so many calls what is gone, or names something no more, counts still; for so many, lists tell of it.
GONE_AFTER, UNLISTED_AFTER = 3, 6
CERTIFICATE_KNOWN_AFTER = 4  # calls that name it
NONE: dict[str, Any] = {"Quantity": 0}
UNSIGNED = {"Enabled": False, "Quantity": 0}
READ = {"Quantity": 2, "Items": ["HEAD", "GET"]}
# What AWS adds to a configuration that leaves it out.
ORIGIN = {
    "OriginPath": "",
    "CustomHeaders": NONE,
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
    "OriginAccessControlId": "",
}
CUSTOM = {
    "OriginSslProtocols": {"Quantity": 3, "Items": ["TLSv1", "TLSv1.1", "TLSv1.2"]},
    "OriginReadTimeout": 30,
    "OriginKeepaliveTimeout": 5,
}
BEHAVIOR = {
    "TrustedSigners": UNSIGNED,
    "TrustedKeyGroups": UNSIGNED,
    "AllowedMethods": {**READ, "CachedMethods": READ},
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": NONE,
    "FunctionAssociations": NONE,
    "FieldLevelEncryptionId": "",
    "GrpcConfig": {"Enabled": False},
}
# What an update must say, though a creation need not (CloudFront Developer Guide, "Required fields for creating and
# updating distributions").
SAID = ("Aliases", "DefaultRootObject", "CacheBehaviors", "CustomErrorResponses", "Logging", "PriceClass")
SAID = (*SAID, "ViewerCertificate", "Restrictions", "WebACLId", "HttpVersion")
SAID_OF_ORIGIN = ("OriginPath", "CustomHeaders")
SAID_OF_BEHAVIOR = ("TrustedSigners", "AllowedMethods", "SmoothStreaming", "Compress")
SAID_OF_BEHAVIOR = (*SAID_OF_BEHAVIOR, "LambdaFunctionAssociations", "FieldLevelEncryptionId")
DEFAULTS: dict[str, dict[str, Any]] = {
    "Distribution": {
        "Aliases": NONE,
        "DefaultRootObject": "",
        "OriginGroups": NONE,
        "CacheBehaviors": NONE,
        "CustomErrorResponses": NONE,
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
        "PriceClass": "PriceClass_All",
        "ViewerCertificate": {
            "CloudFrontDefaultCertificate": True,
            "SSLSupportMethod": "vip",
            "MinimumProtocolVersion": "TLSv1",
            "CertificateSource": "cloudfront",
        },
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "WebACLId": "",
        "HttpVersion": "http2",
        "IsIPV6Enabled": False,
        "ContinuousDeploymentPolicyId": "",
        "Staging": False,
    },
    "KeyGroup": {"Comment": ""},
    "OriginAccessControl": {"Description": ""},
    "PublicKey": {"Comment": ""},
    "ResponseHeadersPolicy": {"Comment": "", "CustomHeadersConfig": NONE, "RemoveHeadersConfig": NONE},
}


class CloudFront:
    def __init__(self, account: Any) -> None:
        self.account = account
        self.updates: list[dict[str, Any]] = []  # as they were asked for
        managed = {"Name": "Managed-SimpleCORS", "Comment": "Allows all origins"}
        self.put("ResponseHeadersPolicy", "60669652-455b-4ae9-85a4-c4c02393f86c", managed, managed=True)

    def put(self, kind: str, key: str, config: dict[str, Any], **more: Any) -> None:
        """Hold this, as AWS would."""
        self.leave(kind, key)
        record = {"config": copy.deepcopy(completed(kind, config)), "tags": {}, "etag": f"E{self.account.number()}"}
        self.account.held[kind][key] = {**record, "written": self.account.clock, **more}

    def leave(self, kind: str, key: str, **how: bool) -> None:
        """Remember what is about to be changed, or is gone."""
        if record := self.account.held[kind].get(key):
            left = {"kind": kind, "key": key, "record": record, "clock": self.account.clock, **how}
            self.account.held["_Left"][str(len(self.account.held["_Left"]))] = left

    def left(self, kind: str, calls: int) -> list[dict[str, Any]]:
        """What was left no longer ago."""
        recent = [one for one in self.account.held["_Left"].values() if self.account.clock - one["clock"] <= calls]
        return [one for one in recent if one["kind"] == kind]

    def gone(self, kind: str, calls: int) -> dict[str, dict[str, Any]]:
        """What was deleted no longer ago."""
        return {one["key"]: one["record"] for one in self.left(kind, calls) if one.get("gone")}

    def answer(self, model: Any, request: dict[str, Any]) -> dict[str, Any] | None:
        if "Resource" in request:
            return self.tagging(model.name, request)
        verb, kind, part = OPERATION.fullmatch(model.name).group("verb", "kind", "part")
        kind = next(known for known in KINDS if known.startswith(kind))
        if part == "WithTags":
            request = request[f"{kind}ConfigWithTags"]
        return getattr(self, verb.lower())(kind, model, request, part)

    def create(self, kind: str, model: Any, request: dict[str, Any], part: str) -> dict[str, Any]:
        config = request[f"{kind}Config"]
        self.judge(kind, None, config)
        key = f"{'K' if kind == 'PublicKey' else 'E'}{self.account.number():013}"
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", {}).get("Items", [])}
        self.put(kind, key, config, tags=tags)
        if "CallerReference" in config:
            self.account.held["_References"][f"{kind} {config['CallerReference']}"] = {}
        return self.get(kind, model, {"Id": key}, "")

    def get(self, kind: str, model: Any, request: dict[str, Any], part: str) -> dict[str, Any]:
        lingering = self.gone(kind, GONE_AFTER) if kind == "Distribution" else {}
        record = lingering.get(request["Id"]) or self.record(kind, request["Id"])
        whole = self.resource(kind, request["Id"], record)
        return {f"{kind}{part}": fitting(whole, model.output_shape, kind, part), "ETag": record["etag"]}

    def list(self, kind: str, model: Any, request: dict[str, Any], part: str) -> dict[str, Any]:
        ((name, listing),) = model.output_shape.members.items()
        held = {**self.gone(kind, UNLISTED_AFTER), **self.account.held[kind]}
        wanted = request.get("Type")
        types = {key: "managed" if record.get("managed") else "custom" for key, record in held.items()}
        keys = [key for key, type_ in types.items() if wanted in (None, type_)]
        page, marker = self.account.page(keys, request.get("Marker"))
        summaries = [self.summary(kind, key, held[key], listing.members["Items"].member) for key in page]
        told = {"Marker": request.get("Marker", ""), "MaxItems": 100, "IsTruncated": marker is not None}
        told |= {"Quantity": len(page), **({"NextMarker": marker} if marker else {})}
        told |= {"Items": summaries} if summaries else {}
        return {name: {key: value for key, value in told.items() if key in listing.members}}

    def update(self, kind: str, model: Any, request: dict[str, Any], part: str) -> dict[str, Any]:
        record = self.version(kind, request)
        config = request[f"{kind}Config"]
        self.updates.append(config)
        if kind == "Distribution" and (missing := list(unsaid(config))):
            raise Refusal("InvalidArgument", f"The '{missing[0]}' field is missing.")
        self.judge(kind, request["Id"], config)
        self.put(kind, request["Id"], config, tags=record["tags"])
        return self.get(kind, model, request, "")

    def delete(self, kind: str, model: Any, request: dict[str, Any], part: str) -> None:
        record = self.version(kind, request)
        if record.get("managed"):
            raise Refusal("IllegalDelete", "You cannot delete a managed policy.")
        if kind == "Distribution" and (record["config"]["Enabled"] or self.status(record) != "Deployed"):
            raise Refusal("DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.")
        if request["Id"] in set(self.used(kind)):
            raise Refusal(KINDS[kind][1], "It is in use.")
        self.leave(kind, request["Id"], gone=True)
        del self.account.held[kind][request["Id"]]

    def tagging(self, operation: str, request: dict[str, Any]) -> dict[str, Any] | None:
        tags = self.record("Distribution", request["Resource"].rpartition("/")[2], "NoSuchResource")["tags"]
        if operation == "ListTagsForResource":
            return {"Tags": {"Items": [{"Key": key, "Value": value} for key, value in tags.items()]}}
        tags |= {tag["Key"]: tag["Value"] for tag in request.get("Tags", {}).get("Items", [])}
        for key in request.get("TagKeys", {}).get("Items", []):
            tags.pop(key, None)
        return None

    def record(self, kind: str, key: str, code: str = "") -> dict[str, Any]:
        if key not in self.account.held[kind]:
            raise Refusal(code or KINDS[kind][0], f"There is no {kind} {key}.")
        return self.account.held[kind][key]

    def version(self, kind: str, request: dict[str, Any]) -> dict[str, Any]:
        record = self.record(kind, request["Id"])
        if not request.get("IfMatch"):
            raise Refusal("InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
        if request["IfMatch"] != record["etag"]:
            raise Refusal("PreconditionFailed", "The request failed because it didn't meet the preconditions.")
        return record

    def resource(self, kind: str, key: str, record: dict[str, Any]) -> dict[str, Any]:
        then = EPOCH + datetime.timedelta(seconds=record["written"])
        facts = {"Id": key, "LastModifiedTime": then, "CreatedTime": then, f"{kind}Config": record["config"]}
        if kind == "Distribution":
            facts |= {"ARN": f"arn:aws:cloudfront::123456789012:distribution/{key}", "Status": self.status(record)}
            facts |= {"DomainName": f"{key.lower()}.cloudfront.net", "InProgressInvalidationBatches": 0}
            facts |= {"ActiveTrustedKeyGroups": UNSIGNED, "ActiveTrustedSigners": UNSIGNED}
        return facts

    def summary(self, kind: str, key: str, record: dict[str, Any], shape: Any) -> dict[str, Any]:
        whole = self.resource(kind, key, record)
        if kind in shape.members:
            kept = {name: whole[name] for name in shape.members[kind].members if name in whole}
            whole = {kind: kept, "Type": "managed" if record.get("managed") else "custom"}
        else:
            whole = {**record["config"], **whole}
        return {name: whole[name] for name in shape.members if name in whole}

    def status(self, record: dict[str, Any]) -> str:
        return "Deployed" if self.account.clock - record["written"] > DEPLOYED_AFTER else "InProgress"

    def used(self, kind: str) -> Iterator[str]:
        """Ids that something else names, or did a moment ago."""
        if kind == "PublicKey":
            for group in self.now_and_before("KeyGroup"):
                yield from group["Items"]
        for config in self.now_and_before("Distribution"):
            for path, key in REFERENCES[kind]:
                yield from (found for found in named(config, path, key) if found)

    def now_and_before(self, kind: str) -> Iterator[dict[str, Any]]:
        before = [one["record"] for one in self.left(kind, GONE_AFTER)]
        yield from (record["config"] for record in [*self.account.held[kind].values(), *before])

    def judge(self, kind: str, key: str | None, config: dict[str, Any]) -> None:
        """Refuse what AWS refuses in a configuration."""
        for value in counted(config):
            if value["Quantity"] != len(value.get("Items", [])):
                raise Refusal("InconsistentQuantities", "The value of Quantity and the size of Items do not match.")
        if key is None and f"{kind} {config.get('CallerReference')}" in self.account.held["_References"]:
            raise Refusal(f"{kind}AlreadyExists", "There is or was one with this CallerReference.")
        unique = "CallerReference" if kind == "Distribution" else "Name"
        for other, record in self.account.held[kind].items():
            if other != key and record["config"][unique] == config[unique]:
                raise Refusal(f"{kind}AlreadyExists", f"There is one with this {unique}.")
        JUDGES[kind](self, self.account.held[kind].get(key, {"config": config})["config"], config, key)

    def judge_key_group(self, held: dict, config: dict, key: str | None) -> None:
        if not config["Items"] or not set(config["Items"]) <= self.account.held["PublicKey"].keys():
            raise Refusal("InvalidArgument", "Public key ids in the key group are invalid.")

    def judge_public_key(self, held: dict, config: dict, key: str | None) -> None:
        if any(held[fixed] != config[fixed] for fixed in ("CallerReference", "Name", "EncodedKey")):
            raise Refusal("CannotChangeImmutablePublicKeyFields", "You can change the comment only.")
        if not acceptable(config["EncodedKey"]):
            raise Refusal("InvalidArgument", "Your request contains an invalid public key.")
        for other, record in self.account.held["PublicKey"].items():
            if other != key and record["config"]["CallerReference"] == config["CallerReference"]:
                raise Refusal("PublicKeyAlreadyExists", "There is one with this CallerReference.")

    def judge_policy(self, held: dict, config: dict, key: str | None) -> None:
        if not any(name in config for name in config if name.endswith("Config")):
            raise Refusal("InvalidArgument", "The policy adds no header.")

    def judge_distribution(self, held: dict, config: dict, key: str | None) -> None:
        if held["CallerReference"] != config["CallerReference"]:
            raise Refusal("IllegalUpdate", "The caller reference can't change.")
        origins = {origin["Id"] for origin in config["Origins"]["Items"]}
        targets = {target for target in named(config, BEHAVIORS, "TargetOriginId") if target}
        if not targets <= origins:
            raise Refusal("NoSuchOrigin", "One or more of your origins or origin groups do not exist.")
        self.judge_aliases(config, key)
        self.judge_certificate(config)
        for kind, code in MISSING.items():
            asked = {one for path, name in REFERENCES[kind] for one in named(config, path, name) if one}
            if not asked <= self.account.held[kind].keys():
                raise Refusal(code, f"One of {sorted(asked)} does not exist.")

    def judge_certificate(self, config: dict[str, Any]) -> None:
        """ACM's certificates get to CloudFront some time after they are issued."""
        arn = config.get("ViewerCertificate", {}).get("ACMCertificateArn")
        asked = self.account.held["_Certificates"].setdefault(arn, {"times": 0})
        asked["times"] += 1
        if arn and asked["times"] < CERTIFICATE_KNOWN_AFTER:
            raise Refusal("InvalidViewerCertificate", "The specified SSL certificate doesn't exist.")

    def judge_aliases(self, config: dict[str, Any], key: str | None) -> None:
        aliases = set(config.get("Aliases", NONE).get("Items", []))
        if aliases and config.get("ViewerCertificate", {}).get("CloudFrontDefaultCertificate", True):
            raise Refusal("InvalidViewerCertificate", "To add an alternate domain name you must attach a certificate.")
        for other, record in self.account.held["Distribution"].items():
            if other != key and aliases & set(record["config"]["Aliases"].get("Items", [])):
                raise Refusal("CNAMEAlreadyExists", "One or more of the CNAMEs are on another distribution.")


BEHAVIORS = ("DefaultCacheBehavior", "CacheBehaviors")
REFERENCES = {
    "Distribution": [],
    "PublicKey": [],
    "KeyGroup": [(BEHAVIORS, "TrustedKeyGroups")],
    "OriginAccessControl": [(("Origins",), "OriginAccessControlId")],
    "ResponseHeadersPolicy": [(BEHAVIORS, "ResponseHeadersPolicyId")],
}
MISSING = {
    "KeyGroup": "TrustedKeyGroupDoesNotExist",
    "OriginAccessControl": "InvalidOriginAccessControl",
    "ResponseHeadersPolicy": "NoSuchResponseHeadersPolicy",
}
JUDGES = {
    "Distribution": CloudFront.judge_distribution,
    "KeyGroup": CloudFront.judge_key_group,
    "OriginAccessControl": lambda *_: None,
    "PublicKey": CloudFront.judge_public_key,
    "ResponseHeadersPolicy": CloudFront.judge_policy,
}


def named(config: dict[str, Any], parts: tuple[str, ...], key: str) -> Iterator[str]:
    """What the parts of a configuration say under a key."""
    for part in parts:
        value = config.get(part, {})
        for one in value.get("Items", []) if "Quantity" in value else [value]:
            said = one.get(key, "")
            yield from said.get("Items", []) if isinstance(said, dict) else [said]


def unsaid(config: dict[str, Any]) -> Iterator[str]:
    """What an update of a distribution leaves out and must not."""
    origins = config["Origins"]["Items"]
    behaviors = [config["DefaultCacheBehavior"], *config.get("CacheBehaviors", {}).get("Items", [])]
    custom = [origin["CustomOriginConfig"] for origin in origins if "CustomOriginConfig" in origin]
    parts = [(SAID, [config]), (SAID_OF_ORIGIN, origins), (SAID_OF_BEHAVIOR, behaviors), (CUSTOM, custom)]
    for names, holders in parts:
        yield from (name for holder in holders for name in names if name not in holder)


def counted(value: Any) -> Iterator[dict[str, Any]]:
    """Every {Quantity, Items}, at any depth."""
    if isinstance(value, dict) and "Quantity" in value:
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from counted(item)


def completed(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    """The configuration as AWS holds it: what was left out has AWS's value, in AWS's spelling."""
    whole = {**DEFAULTS[kind], **config}
    if kind != "Distribution":
        return whole
    if whole["HttpVersion"] in ("http2", "http1.1"):
        whole["HttpVersion"] = whole["HttpVersion"].upper() if whole["HttpVersion"] == "http2" else "http1.1"
    whole["Origins"] = each(whole["Origins"], ORIGIN)
    for origin in whole["Origins"]["Items"]:
        if "CustomOriginConfig" in origin:
            origin["CustomOriginConfig"] = {**CUSTOM, **origin["CustomOriginConfig"]}
    whole["DefaultCacheBehavior"] = {**BEHAVIOR, **whole["DefaultCacheBehavior"]}
    whole["CacheBehaviors"] = each(whole["CacheBehaviors"], BEHAVIOR)
    certificate = whole["ViewerCertificate"]
    whole["ViewerCertificate"] = {**certificate, "CertificateSource": "cloudfront"}
    for source, key in (("acm", "ACMCertificateArn"), ("iam", "IAMCertificateId")):
        if certificate.get(key):
            whole["ViewerCertificate"] = {**certificate, "Certificate": certificate[key], "CertificateSource": source}
    return whole


def each(value: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    items = [{**defaults, **item} for item in value.get("Items", [])]
    return {**value, "Items": items} if items else value


def fitting(whole: dict[str, Any], shape: Any, kind: str, part: str) -> dict[str, Any]:
    if part == "Config":
        return whole[f"{kind}Config"]
    return {name: whole[name] for name in shape.members[kind].members if name in whole}


@functools.cache
def acceptable(pem: str) -> bool:
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        return False
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size == 2048
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"
