"""Validation of CloudFront's signed cookies and signed URLs."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from aws_edge.config import Switches
from aws_edge.http.messages import Request, first_values
from aws_edge.http.patterns import compiled

# A query that has one of these makes the URL a signed one; the cookies don't count then.
RESERVED = ("Expires", "Policy", "Signature", "Key-Pair-Id")
COOKIE_PREFIX = "CloudFront-"
HASHES: dict[str, hashes.HashAlgorithm] = {"SHA1": hashes.SHA1(), "SHA256": hashes.SHA256()}  # noqa: S303 (AWS's default)
ALPHABET = re.compile(r"[A-Za-z0-9~-]*_{0,2}")
PLAIN_ALPHABET = re.compile(r"[A-Za-z0-9+/]*={0,2}")
MAX_EPOCH_TIME = 2147483647


class SignatureError(Exception):
    """A refusal with CloudFront's code and message, and the reason for the log."""

    def __init__(self, code: str, message: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.message, self.reason = code, message, reason


def access_denied(reason: str) -> SignatureError:
    """Access denied, without a reason for the client."""
    return SignatureError("AccessDenied", "Access denied", reason)


def malformed_policy(reason: str) -> SignatureError:
    """The refusal of a policy that cannot be read."""
    return SignatureError("MalformedPolicy", "Malformed Policy", reason)


@dataclass(frozen=True)
class Credentials:
    """What a client presents, by AWS's names without the cookies' prefix; missing values are empty."""

    values: Mapping[str, str]
    in_url: bool

    @classmethod
    def of(cls, request: Request, switches: Switches) -> Credentials:
        """From the query if it has any of the reserved names, else from the cookies."""
        query = first_values(parse_qsl(request.query, keep_blank_values=True))
        if any(name in query for name in RESERVED):
            return cls(query, in_url=True)
        pairs = request.cookies() if switches.repeated_cookies == "first" else reversed(request.cookies())
        found = first_values(pairs)
        ours = {key.removeprefix(COOKIE_PREFIX): value for key, value in found.items() if key.startswith(COOKIE_PREFIX)}
        return cls(ours, in_url=False)

    def get(self, name: str) -> str:
        """A value, or the empty string."""
        return self.values.get(name, "")


def check(request: Request, keys: Mapping[str, str], switches: Switches, now: float | None = None) -> None:
    """Validate a request or raise SignatureError. `keys` are the trusted public keys by id."""
    credentials = Credentials.of(request, switches)
    url = signed_url(request)
    key = _trusted_key(credentials, keys)
    signature, policy = _signature_and_policy(credentials, url, switches)
    statement = _statement(policy)
    _check_signature(key, signature, policy, _hash(credentials, switches))
    _check_resource(statement, url, credentials.in_url)
    _check_conditions(statement["Condition"], request.client, time.time() if now is None else now)


def signed_url(request: Request) -> str:
    """The URL that is signed: without the parameters of the signature."""
    pairs = [pair for pair in request.query.split("&") if pair]
    own = [pair for pair in pairs if pair.partition("=")[0] not in (*RESERVED, "Hash-Algorithm")]
    return f"{request.scheme}://{request.domain()}{request.path}" + (f"?{'&'.join(own)}" if own else "")


def _trusted_key(credentials: Credentials, keys: Mapping[str, str]) -> Any:
    key_id = credentials.get("Key-Pair-Id")
    if not key_id:
        raise SignatureError("MissingKey", "Missing Key-Pair-Id query parameter or cookie value", "no credentials")
    if key_id not in keys:
        raise SignatureError("InvalidKey", "Unknown Key", f"{key_id} is not trusted")
    return serialization.load_pem_public_key(keys[key_id].encode())


def _signature_and_policy(credentials: Credentials, url: str, switches: Switches) -> tuple[bytes, bytes]:
    if not credentials.get("Signature"):
        raise SignatureError("MissingSignature", "Missing Signature query parameter or cookie value", "no signature")
    signature = decoded(credentials.get("Signature"), switches)
    if signature is None:
        raise SignatureError("MalformedSignature", "Could not unencode Signature", "not CloudFront's base64 alphabet")
    if credentials.get("Policy"):
        policy = decoded(credentials.get("Policy"), switches)
        if policy is None:
            raise malformed_policy("not CloudFront's base64 alphabet")
        return signature, policy
    return signature, _canned(credentials.get("Expires"), url)


def _canned(expires: str, url: str) -> bytes:
    if not expires:
        message = "Missing Policy or Expires query parameter or cookie value"
        raise SignatureError("MissingPolicy", message, "neither policy nor expiry")
    if not expires.isdigit():
        raise malformed_policy("the expiry is not a number")
    statement = {"Resource": url, "Condition": {"DateLessThan": {"AWS:EpochTime": int(expires)}}}
    return json.dumps({"Statement": [statement]}, separators=(",", ":")).encode()


def decoded(text: str, switches: Switches) -> bytes | None:
    """The bytes behind CloudFront's own base64 alphabet; None when the text is something else."""
    if switches.plain_base64 == "accept" and PLAIN_ALPHABET.fullmatch(text):
        text = text.translate(str.maketrans("+=/", "-_~"))
    if not ALPHABET.fullmatch(text) or len(text) % 4:
        return None
    return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")))


def _statement(policy: bytes) -> dict[str, Any]:
    try:
        (statement,) = json.loads(policy)["Statement"]
        conditions = statement["Condition"]
        times = {
            name: conditions[name]["AWS:EpochTime"]
            for name in ("DateLessThan", "DateGreaterThan")
            if name in conditions
        }
    except (ValueError, KeyError, TypeError) as error:
        raise malformed_policy(f"not a policy of one statement: {error!r}") from error
    if "DateLessThan" not in times or not all(_is_epoch_time(each) for each in times.values()):
        raise malformed_policy("times must be whole seconds, and DateLessThan is required")
    if not isinstance(statement.get("Resource", ""), str):
        raise malformed_policy("Resource must be one text")
    return statement


def _is_epoch_time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_EPOCH_TIME


def _hash(credentials: Credentials, switches: Switches) -> hashes.HashAlgorithm:
    name = credentials.get("Hash-Algorithm") if switches.hash_cookie == "heed" else ""
    if (name or "SHA1") not in HASHES:
        raise access_denied(f"unknown hash algorithm {name}")
    return HASHES[name or "SHA1"]


def _check_signature(key: Any, signature: bytes, policy: bytes, algorithm: hashes.HashAlgorithm) -> None:
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, policy, ec.ECDSA(algorithm))
        else:
            key.verify(signature, policy, padding.PKCS1v15(), algorithm)
    except InvalidSignature as error:
        raise access_denied("the signature is wrong") from error


def _check_resource(statement: Mapping[str, Any], url: str, in_url: bool) -> None:
    resource = statement.get("Resource")
    if resource is not None and not resource_fits(resource, url, in_url):
        raise access_denied(f"{url} is not {resource}")


def resource_fits(resource: str, url: str, in_url: bool) -> bool:
    """Whether a Resource covers an address. Wildcards don't reach from the host name into the path or back."""
    scheme, found, rest = resource.partition("://")
    # Only the page on signed URLs allows a protocol with a wildcard.
    if not found or (scheme not in ("http", "https") and not (in_url and scheme in ("*", "http*"))):
        return False
    url_scheme, _mark, url_rest = url.partition("://")
    host, slash, path = rest.partition("/")
    url_host, _mark, url_path = url_rest.partition("/")
    everywhere = not slash and host.endswith("*")
    return (
        compiled(scheme).fullmatch(url_scheme) is not None
        and compiled(host.lower(), "[^/]").fullmatch(url_host) is not None
        and (everywhere or compiled(path).fullmatch(url_path) is not None)
    )


def _check_conditions(conditions: Mapping[str, Any], client: str, now: float) -> None:
    if now >= conditions["DateLessThan"]["AWS:EpochTime"]:
        raise access_denied("expired")
    # Refused on the very second too.
    if "DateGreaterThan" in conditions and int(now) <= conditions["DateGreaterThan"]["AWS:EpochTime"]:
        raise access_denied("not valid yet")
    if "IpAddress" in conditions and not _address_fits(conditions["IpAddress"], client):
        raise access_denied(f"{client} is not among the addresses")


def _address_fits(condition: object, client: str) -> bool:
    try:
        network = ipaddress.IPv4Network(condition["AWS:SourceIp"], strict=False)  # type: ignore[index]
    except (ValueError, KeyError, TypeError) as error:
        raise malformed_policy("IpAddress must be one IPv4 address or range") from error
    return ipaddress.ip_address(client) in network
