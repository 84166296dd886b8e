# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed cookies, for knocking at the data's door with. PRIVATE.

The program that makes them on the host (roles/signed_cookies/files) stands alone there and can't be shared: a module
brings its own files only. A test holds both to the same bytes.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

try:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    HAS_CRYPTOGRAPHY = True
except ImportError:
    HAS_CRYPTOGRAPHY = False

Cookies = dict[str, str]


def policy(resource: str, life: int = 300) -> bytes:
    condition = {"DateLessThan": {"AWS:EpochTime": int(time.time()) + life}}
    document = {"Statement": [{"Resource": resource, "Condition": condition}]}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def encode(raw: bytes) -> str:
    """Base64 in CloudFront's own alphabet (CloudFront Developer Guide, "Set signed cookies using a custom policy")."""
    return base64.b64encode(raw).translate(bytes.maketrans(b"+=/", b"-_~")).decode()


def decode(text: str) -> bytes:
    return base64.b64decode(text.encode().translate(bytes.maketrans(b"-_~", b"+=/")))


def plain_base64(cookies: Cookies) -> Cookies:
    """The same cookies in the usual alphabet, which CloudFront does not take."""
    back = str.maketrans("-_~", "+=/")
    return {name: value if name.endswith("Id") else value.translate(back) for name, value in cookies.items()}


@dataclass(frozen=True)
class Signer:
    """A private key, and the id under which CloudFront knows its public half (or that of another)."""

    key: Any
    key_pair_id: str

    def sign(self, said: bytes) -> Cookies:
        signature = self.key.sign(said, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303  (what CloudFront assumes)
        return {
            "CloudFront-Policy": encode(said),
            "CloudFront-Signature": encode(signature),
            "CloudFront-Key-Pair-Id": self.key_pair_id,
        }


def throw_away(key_pair_id: str) -> Signer:
    return Signer(rsa.generate_private_key(public_exponent=65537, key_size=2048), key_pair_id)


def with_key(pem: str, key_pair_id: str) -> Signer:
    return Signer(serialization.load_pem_private_key(pem.encode(), password=None), key_pair_id)
