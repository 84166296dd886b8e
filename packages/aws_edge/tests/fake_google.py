"""A Google in memory, whose answers tests change."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import parse_qsl

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ISSUER = "https://accounts.google.localhost"
CLIENT_ID, CLIENT_SECRET = "1.apps.googleusercontent.com", "GOCSPX-of-the-test"
SUB = "110248495921238986420"


class FakeGoogle:
    """One client, one person; `now` moves with `wait`."""

    def __init__(self) -> None:
        self.key = new_key()
        self.signs_with = self.key
        self.claims: dict[str, Any] = {"email": "grace@lab.localhost", "email_verified": True, "name": "Grace"}
        self.refusal: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self._waited = 0.0

    def wait(self, seconds: float) -> None:
        self._waited += seconds

    def clock(self) -> float:
        return time.time() + self._waited

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/.well-known/openid-configuration":
                return httpx.Response(200, json={name: f"{ISSUER}/{path}" for name, path in ENDPOINTS.items()})
            case "/certs":
                return httpx.Response(200, json={"keys": [public(self.key)]})
        self.asked.append(dict(parse_qsl(request.content.decode())))
        return httpx.Response(401, json=self.refusal) if self.refusal else httpx.Response(200, json=self._tokens())

    def _tokens(self) -> dict[str, str]:
        life = {"iss": ISSUER, "aud": CLIENT_ID, "sub": SUB, "exp": int(self.clock()) + 3600}
        return {"access_token": "a", "id_token": signed({**life, **self.claims}, self.signs_with)}


ENDPOINTS = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "certs"}


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signed(claims: dict[str, Any], key: rsa.RSAPrivateKey) -> str:
    head = ".".join(encoded(json.dumps(each).encode()) for each in ({"alg": "RS256"}, claims))
    return f"{head}.{encoded(key.sign(head.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def public(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "e": number(numbers.e), "n": number(numbers.n)}


def number(value: int) -> str:
    return encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
