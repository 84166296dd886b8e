"""What AWS's own signer is given: policies, and a key that nobody trusts."""

from __future__ import annotations

import json
import time

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.demo import viewer

# Seconds; tables of cases are made before the first test runs, and a refusal must not come from a policy that is over.
LONG = 12 * 3600


def policy(resource: str = f"{viewer.DATA}/*", life: int = LONG) -> str:
    condition = {"DateLessThan": {"AWS:EpochTime": int(time.time()) + life}}
    return json.dumps({"Statement": [{"Resource": resource, "Condition": condition}]}, separators=(",", ":"))


def a_foreign_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()
