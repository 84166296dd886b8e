"""A load balancer's tokens, good and forged, and the endpoint with its public keys."""

from __future__ import annotations

import base64
import contextlib
import datetime
import hashlib
import hmac
import json
import pathlib
import ssl
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/lab/50dc6c495c0c9188"
CLIENT = "1example23456789"
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_EXAMPLE1"
SUBJECT = "f4c8d4e8-1001-7034-8d3c-2f6f0d1c5c55"
EMAIL = "ada@example.org"
# Longer than any run of the tests: tables of tokens are made when their file is read.
LIFE = 86400


def base64url(data: bytes, *, padded: bool = True) -> str:
    text = base64.urlsafe_b64encode(data).decode()
    return text if padded else text.rstrip("=")


def public_pem(key: Any) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form)


def changed(held: dict[str, Any], changes: dict[str, Any] | None) -> dict[str, Any]:
    """`...` takes a member out."""
    return {name: value for name, value in {**held, **(changes or {})}.items() if value is not ...}


def raw_signature(key: ec.EllipticCurvePrivateKey, signed: bytes) -> bytes:
    r, s = utils.decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Signer:
    """Signs as a load balancer does, and as those do who pretend to be one."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.other = ec.generate_private_key(ec.SECP256R1())
        self.rsa = rsa.generate_private_key(65537, 2048)
        self.kid = str(uuid.uuid4())

    def header(self, **changes: Any) -> dict[str, Any]:
        life = {"iss": ISSUER, "exp": int(time.time()) + LIFE}
        return changed(
            {"typ": "JWT", "kid": self.kid, "alg": "ES256", "client": CLIENT, "signer": ARN, **life}, changes
        )

    def claims(self, **changes: Any) -> dict[str, Any]:
        life = {"iss": ISSUER, "exp": int(time.time()) + LIFE}
        return changed({"sub": SUBJECT, "email": EMAIL, "email_verified": "true", **life}, changes)

    def token(self, header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None, **options: Any) -> str:
        """A token with a good signature, whatever it says."""
        texts = [json.dumps(part).encode() for part in (self.header(**header or {}), self.claims(**claims or {}))]
        return self.of_texts(*texts, **options)

    def of_texts(self, header: bytes, claims: bytes, *, padded: bool = True, key: Any = None) -> str:
        text = ".".join(base64url(part, padded=padded) for part in (header, claims))
        return f"{text}.{base64url(raw_signature(key or self.key, text.encode()), padded=padded)}"

    def resigned(self, signature: Any, **header: Any) -> str:
        """A token with the signature that `signature` makes of the signed bytes."""
        signed = self.token(header=header).rpartition(".")[0]
        return f"{signed}.{base64url(signature(signed.encode()))}"

    def der(self, signed: bytes) -> bytes:
        return self.key.sign(signed, ec.ECDSA(hashes.SHA256()))

    def rs256(self, signed: bytes) -> bytes:
        return self.rsa.sign(signed, padding.PKCS1v15(), hashes.SHA256())

    def hs256(self, signed: bytes) -> bytes:
        return hmac.digest(public_pem(self.key), signed, hashlib.sha256)


class KeyHandler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status, body, seconds = self.server.answers.get(self.path.rpartition("/")[2], (404, b"<Error/>", 0))
        time.sleep(seconds)
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


class KeyEndpoint(ThreadingHTTPServer):
    """https://.../<key id>; `answers` says what is there, `asked` keeps what was asked for."""

    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__(("127.0.0.1", 0), KeyHandler)
        self.asked: list[str] = []
        self.answers: dict[str, tuple[int, bytes, float]] = {}
        self.authority = folder / "authority.pem"
        self.url = f"https://localhost:{self.server_port}"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.authority, _certificate(self.authority))
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *arguments: Any) -> None:
        """A client that does not trust us is no error of ours."""

    def serves(self, kid: str, body: bytes, status: int = 200, seconds: float = 0) -> None:
        self.answers[kid] = (status, body, seconds)


@contextlib.contextmanager
def key_endpoint(folder: pathlib.Path) -> Iterator[KeyEndpoint]:
    with KeyEndpoint(folder) as endpoint, in_background(endpoint):
        yield endpoint


@contextlib.contextmanager
def in_background(server: Any) -> Iterator[Any]:
    """A socketserver that answers meanwhile."""
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()


def _certificate(path: pathlib.Path) -> pathlib.Path:
    """Write a certificate for localhost, signed by itself; returns the file of its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.with_suffix(".key").write_bytes(key.private_bytes(*form))
    return path.with_suffix(".key")
