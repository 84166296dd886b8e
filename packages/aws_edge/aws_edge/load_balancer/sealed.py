"""Authenticated encryption of values in cookies and in `state`."""

from __future__ import annotations

import base64
import binascii
import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class Box:
    """Seals JSON values with a key that only this process has. A value opens only for the purpose it was sealed for."""

    def __init__(self) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(256))

    def seal(self, purpose: str, value: Any) -> str:
        """The encrypted value as text."""
        nonce = os.urandom(NONCE)
        data = self._cipher.encrypt(nonce, json.dumps(value, separators=(",", ":")).encode(), purpose.encode())
        return base64.b64encode(nonce + data).decode()

    def open(self, purpose: str, text: str) -> Any:
        """The value that was sealed, or None for anything else."""
        try:
            data = base64.b64decode(text, validate=True)
            return json.loads(self._cipher.decrypt(data[:NONCE], data[NONCE:], purpose.encode()))
        except (InvalidTag, binascii.Error, ValueError):
            return None
