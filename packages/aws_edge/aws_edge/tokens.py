"""JSON Web Tokens: those that a load balancer hands to its targets, and the reading of others."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

# Seconds from signing until a token expires.
LIFETIME = 120


class Signer:
    """An ES256 key pair with its id."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.key_id = str(uuid.uuid4())

    def public_pem(self) -> bytes:
        """What AWS serves at https://public-keys.auth.elb.<region>.amazonaws.com/<key id>."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(serialization.Encoding.PEM, form)

    def token(self, claims: dict[str, Any], *, issuer: str, client: str, load_balancer: str, now: int) -> str:
        """The value of x-amzn-oidc-data. Unlike other JWTs its parts keep their base64 padding."""
        validity = {"iss": issuer, "exp": now + LIFETIME}
        header = {
            "typ": "JWT",
            "kid": self.key_id,
            "alg": "ES256",
            "client": client,
            "signer": load_balancer,
            **validity,
        }
        text = f"{_part(header)}.{_part({**claims, **validity})}"
        return f"{text}.{_encode(self._sign(text.encode()))}"

    def _sign(self, data: bytes) -> bytes:
        r, s = utils.decode_dss_signature(self._key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _part(value: dict[str, Any]) -> str:
    return _encode(json.dumps(value, separators=(",", ":")).encode())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a JWT, not verified; of anything else an empty dictionary."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def is_signed_by(token: str, key: dict[str, str]) -> bool:
    """Whether an RS256 JWT was signed with this key (a JWK)."""
    signed, _mark, signature = token.rpartition(".")
    numbers = [int.from_bytes(_decoded(key[name]), "big") for name in ("e", "n")]
    try:
        rsa.RSAPublicNumbers(*numbers).public_key().verify(
            _decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
        )
    except (InvalidSignature, binascii.Error):
        return False
    return True


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
