# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell nginx who asks, by the token of an Application Load Balancer, and whether that person is on the list.

    session_gate.py CONFIG            answer on the socket that systemd hands over
    session_gate.py CONFIG --check    tell whether the one that answers there runs with this configuration

nginx asks by `auth_request` and passes the client's headers on. The answer is 204 for a person on the list, 403 for one
who isn't, 401 for nobody, 503 when it can't be told; X-Person names the person where the token was good. Nothing that
goes wrong lets anybody in.

Each answer is one JSON line on standard output, with its reason. No line ever holds a token or a part of one that was
not verified.

The token: User Guide for Application Load Balancers, "Authenticate users using an Application Load Balancer". Runs on
Python 3.10 (Ubuntu 22.04) and later with the distribution's cryptography.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import json
import os
import re
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import session_gate_allow_list
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from session_gate_allow_list import AllowList, address_domain

TOKEN_HEADER, IDENTITY_HEADER = "x-amzn-oidc-data", "x-amzn-oidc-identity"
# The load balancer's own limit for a header field.
TOKEN_LIMIT = 16 * 1024
# Seconds that the load balancer's clock may differ from ours.
LEEWAY = 30
KEY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

KEY_LIMIT = 4096  # bytes
KEY_SECONDS = 4  # for fetching one
KEYS_KEPT = 8
FETCHES, FETCHES_SECONDS = 10, 60  # so many in so long
OUTCOME_SECONDS = 5  # for which the outcome of a fetch counts, good or bad

ANSWERS_AT_ONCE = 16
PATIENCE_SECONDS = 10  # with nginx
ASK_SECONDS = 3  # for what answers on the socket
TROUBLE_SECONDS = 300  # for which it is told that a key could not be had
BEAT_SECONDS = 5  # from one sign of life to systemd to the next
LISTEN_FD = 3  # sd_listen_fds(3)


class ConfigError(Exception):
    """Why the configuration can't be used, one sentence for the journal."""


class RefusalError(Exception):
    """The answer to somebody who may not go on; `email` only if the token was good."""

    def __init__(self, status: int, reason: str, email: str = "") -> None:
        super().__init__(reason)
        self.status, self.reason, self.email = status, reason, email


@dataclass(frozen=True)
class Config:
    """What the configuration file holds: a JSON object with exactly these members."""

    socket: str  # path of the socket
    load_balancer_arn: str  # who signs the tokens
    client_id: str  # app client that the people sign in with
    issuer: str  # the user pool
    keys_url: str  # where the load balancer's public keys are, by id
    allowed_email_domains: list[str]
    allowed_emails: list[str]
    require_allow_list: bool  # whether two empty lists let nobody in, rather than everybody

    def __post_init__(self) -> None:
        for name in ("socket", "load_balancer_arn", "client_id", "issuer", "keys_url"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise ValueError(f"{name} is not a text")
        for name in ("allowed_email_domains", "allowed_emails"):
            if not isinstance(getattr(self, name), list):
                raise ValueError(f"{name} is not a list")
        if not isinstance(self.require_allow_list, bool):
            raise ValueError("require_allow_list is neither true nor false")
        if not self.keys_url.startswith("https://"):
            raise ValueError("keys_url does not start with https://")

    def is_listed(self, email: str) -> bool:
        """Whether this person may come in."""
        return AllowList(self.allowed_email_domains, self.allowed_emails).admits(email, self.require_allow_list)


def load_config(path: Path) -> tuple[Config, str]:
    """The configuration, and a digest that changes with it and with this program. Raises ConfigError."""
    try:
        text = path.read_bytes()
        config = Config(**json.loads(text))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} can't be read as this program's configuration: {error}") from error
    programs = [Path(program).read_bytes() for program in (__file__, session_gate_allow_list.__file__)]
    return config, hashlib.sha256(b"".join([text, *programs])).hexdigest()


# --- the token


class Token(NamedTuple):
    """A token taken apart. Nothing in it is to be believed before `check_signature`."""

    signed: bytes
    signature: bytes
    header: dict[str, Any]
    claims: dict[str, Any]


def decode(part: str) -> bytes:
    """Base64url, padded (as load balancers do) or not (as the standard says), and nothing that merely resembles it."""
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise RefusalError(401, "the token is not base64url") from error
    padded = base64.urlsafe_b64encode(raw).decode()
    if part not in (padded, padded.rstrip("=")):
        raise RefusalError(401, "the token is not base64url")
    return raw


def without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Of a repeated name another reader might take the other value."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name is repeated")
    return dict(pairs)


def decode_object(part: str) -> dict[str, Any]:
    """The JSON object in a part of a token."""
    try:
        value = json.loads(decode(part).decode(), object_pairs_hook=without_repetition)
    except (ValueError, RecursionError) as error:
        raise RefusalError(401, "the token does not hold JSON") from error
    if not isinstance(value, dict):
        raise RefusalError(401, "the token does not hold a JSON object")
    return value


def parse(token: str) -> Token:
    """Take a token apart."""
    if len(token) > TOKEN_LIMIT:
        raise RefusalError(401, "the token is too large")
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        raise RefusalError(401, "the token does not have three parts")
    header, claims, signature = parts
    signed = token.rpartition(".")[0].encode("ascii", "replace")
    return Token(signed, decode(signature), decode_object(header), decode_object(claims))


def check_header(header: dict[str, Any], config: Config) -> None:
    """Whether this is a token for us, if its signature is good."""
    reasons = (
        (header.get("alg") != "ES256", "the token's algorithm is not ES256"),
        ("crit" in header, "the token asks for more than we know"),
        (not is_key_id(header.get("kid")), "the token does not name its key as load balancers do"),
        (header.get("signer") != config.load_balancer_arn, "the token was not signed by our load balancer"),
        (header.get("client") != config.client_id, "the token is for another app client"),
    )
    refuse_for(reasons)


def is_key_id(value: object) -> bool:
    """It will be part of a URL."""
    return isinstance(value, str) and bool(KEY_ID.fullmatch(value))


def is_whole(value: object) -> bool:
    """A whole number. JSON's true is an int to Python."""
    return isinstance(value, int) and not isinstance(value, bool)


def check_times(token: Token, config: Config, now: float) -> None:
    """Issuer and end stand in the header, the issuer in the claims again, and the end where it is repeated."""
    claims = {"exp": token.header.get("exp"), "nbf": 0, **token.claims}
    both = (token.header, claims)
    reasons = (
        (any(part.get("iss") != config.issuer for part in both), "the token is of another user pool"),
        (not all(is_whole(part.get("exp")) for part in both), "the token has no end"),
        (not is_whole(claims["nbf"]), "the token's begin is not a time"),
    )
    refuse_for(reasons)
    refuse_for([(min(part["exp"] for part in both) + LEEWAY < now, "the token has expired")])
    refuse_for([(claims["nbf"] - LEEWAY > now, "the token is not valid yet")])


def refuse_for(reasons: Any) -> None:
    """Refuse for the first reason that holds."""
    for holds, reason in reasons:
        if holds:
            raise RefusalError(401, reason)


def check_signature(token: Token, key: EllipticCurvePublicKey) -> None:
    """ES256 signatures are two numbers of 32 bytes, side by side."""
    if len(token.signature) != 64:
        raise RefusalError(401, "the token's signature is not one of ES256")
    numbers = [int.from_bytes(half, "big") for half in (token.signature[:32], token.signature[32:])]
    try:
        key.verify(encode_dss_signature(*numbers), token.signed, ECDSA(SHA256()))
    except InvalidSignature as error:
        raise RefusalError(401, "the token's signature is wrong") from error


def address_of(claims: dict[str, Any]) -> str:
    """The person's e-mail address in small letters."""
    email, verified = claims.get("email"), claims.get("email_verified")
    if not address_domain(email):
        raise RefusalError(403, "the person has no e-mail address, or one with letters that are not allowed here")
    if verified is not True and verified != "true":
        raise RefusalError(403, "the person's e-mail address is not verified", email.lower())
    return email.lower()


# --- the keys


class Keys:
    """The load balancer's public keys, fetched when they are first needed.

    Key ids come from tokens that anybody may have written. So a key is kept only once it has verified a token, and no
    more than a few fetches are made in a minute.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = urlsplit(url)
        self._clock = clock
        self._kept: dict[str, EllipticCurvePublicKey] = {}
        self._outcomes: dict[str, tuple[float, EllipticCurvePublicKey | RefusalError]] = {}
        self._fetches: list[float] = []
        self._trouble = (0.0, "")
        self._lock = threading.Lock()

    def trouble(self) -> str:
        """Why no key could be had, if that was lately."""
        then, reason = self._trouble
        return reason if reason and self._clock() - then < TROUBLE_SECONDS else ""

    def find(self, key_id: str) -> EllipticCurvePublicKey:
        """The key, kept or fetched. Those who wait for the same one share the outcome."""
        if key := self._kept.get(key_id):
            return key
        with self._lock:
            return self._fetch_if_allowed(key_id)

    def keep(self, key_id: str, key: EllipticCurvePublicKey) -> None:
        """Remember a key that has proved its worth."""
        with self._lock:
            self._kept[key_id] = key
            for oldest in list(self._kept)[:-KEYS_KEPT]:
                del self._kept[oldest]

    def _fetch_if_allowed(self, key_id: str) -> EllipticCurvePublicKey:
        now = self._clock()
        self._fetches = [then for then in self._fetches if then > now - FETCHES_SECONDS]
        self._outcomes = {name: held for name, held in self._outcomes.items() if held[0] > now}
        if key_id not in self._outcomes:
            if len(self._fetches) >= FETCHES:
                raise RefusalError(503, "too many unknown keys were asked for")
            self._fetches.append(now)
            self._outcomes[key_id] = (self._clock() + OUTCOME_SECONDS, self._outcome(key_id))
        outcome = self._outcomes[key_id][1]
        if isinstance(outcome, RefusalError):
            raise RefusalError(outcome.status, outcome.reason)
        return outcome

    def _outcome(self, key_id: str) -> EllipticCurvePublicKey | RefusalError:
        try:
            return self._read(self._fetch(key_id))
        except RefusalError as error:
            if error.status == 503:
                self._trouble = (self._clock(), error.reason)
            return error

    def _fetch(self, key_id: str) -> bytes:
        connection = http.client.HTTPSConnection(
            self._url.netloc, timeout=KEY_SECONDS, context=ssl.create_default_context()
        )
        end = time.monotonic() + KEY_SECONDS
        try:
            connection.request("GET", f"{self._url.path.rstrip('/')}/{key_id}")
            answer = connection.getresponse()
            body = b""
            while len(body) <= KEY_LIMIT and time.monotonic() < end and (more := answer.read1(KEY_LIMIT)):
                body += more
        except (OSError, http.client.HTTPException) as error:
            raise RefusalError(503, f"the load balancer's key can't be had: {error!r}") from error
        finally:
            connection.close()
        if answer.status in (403, 404):
            raise RefusalError(401, "there is no such key")
        if answer.status != 200 or len(body) > KEY_LIMIT:
            raise RefusalError(503, f"the load balancer's key can't be had: status {answer.status}, {len(body)} bytes")
        return body

    @staticmethod
    def _read(pem: bytes) -> EllipticCurvePublicKey:
        try:
            key = load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise RefusalError(503, "what stands for the load balancer's key is no key") from error
        if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
            raise RefusalError(503, "the load balancer's key is not one of P-256")
        return key


# --- the answers


def only(headers: Message, name: str) -> str:
    """The one value of a header; of two, nobody knows which the load balancer wrote."""
    values = headers.get_all(name, [])
    if len(values) != 1:
        raise RefusalError(401, f"{len(values) or 'no'} {name}")
    return values[0]


class Gate:
    """Who may come in."""

    def __init__(self, config: Config, keys: Keys, clock: Callable[[], float] = time.time) -> None:
        self._config, self._keys, self._clock = config, keys, clock

    def judge(self, headers: Message) -> str:
        """The address of the person that these headers stand for. Raises RefusalError."""
        token = parse(only(headers, TOKEN_HEADER))
        identity = only(headers, IDENTITY_HEADER)
        check_header(token.header, self._config)
        check_times(token, self._config, self._clock())
        key_id = token.header["kid"]
        key = self._keys.find(key_id)
        check_signature(token, key)
        self._keys.keep(key_id, key)
        if not identity or token.claims.get("sub") != identity:
            raise RefusalError(401, "the token is of another person than the identity header")
        email = address_of(token.claims)
        if not self._config.is_listed(email):
            raise RefusalError(403, "the person is not on the list", email)
        return email

    def trouble(self) -> str:
        """What keeps people out who should come in."""
        return self._keys.trouble()

    def answer(self, headers: Message) -> tuple[int, str]:
        """Status and verified address, noted in the journal."""
        try:
            status, reason, email = 204, "on the list", self.judge(headers)
        except RefusalError as refusal:
            status, reason, email = refusal.status, refusal.reason, refusal.email
        person = {"email": email} if email else {}
        print(json.dumps({"event": "asked", "answer": status, "reason": reason, **person}), flush=True)
        return status, email


class Handler(BaseHTTPRequestHandler):
    """HTTP for Gate: / judges, /status tells what configuration runs."""

    server: Server
    timeout = PATIENCE_SECONDS

    def do_GET(self) -> None:
        """The name that http.server looks for."""
        if self.path == "/status":
            return self._reply(200, {"Content-Type": "application/json"}, self.server.status())
        if self.path != "/":
            return self._reply(404, {})
        status, email = self.server.gate.answer(self.headers)
        return self._reply(status, {"X-Person": email} if email else {})

    def _reply(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """The gate itself notes what it answers; what is no request at all is not worth a line."""


class Server(ThreadingMixIn, TCPServer):
    """Answers on a socket that listens already, some requests at once."""

    def __init__(self, listening: socket.socket, gate: Gate, digest: str) -> None:
        super().__init__(("", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket, self.gate, self.digest = listening, gate, digest
        self._pool = ThreadPoolExecutor(ANSWERS_AT_ONCE)
        self._beat = 0.0

    def status(self) -> bytes:
        return json.dumps({"settings": self.digest, "trouble": self.gate.trouble()}).encode()

    def service_actions(self) -> None:
        """Called some times a second. One of those who answer gives the sign of life, so that it ends if all hang."""
        if time.monotonic() - self._beat > BEAT_SECONDS:
            self._beat = time.monotonic()
            self._pool.submit(tell_systemd, "WATCHDOG=1")

    def process_request(self, request: Any, client_address: Any) -> None:
        self._pool.submit(self.process_request_thread, request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """One line, such as for somebody who did not wait for the answer."""
        print(json.dumps({"event": "failed", "reason": repr(sys.exc_info()[1])}), flush=True)

    def server_close(self) -> None:
        super().server_close()
        self._pool.shutdown()


# --- systemd and the command line


def tell_systemd(state: str) -> None:
    """sd_notify(3), where systemd asked for it."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(state.encode(), f"\0{path[1:]}" if path.startswith("@") else path)


def serve(config: Config, digest: str) -> None:
    """Answer until the process ends. Raises ConfigError without a socket."""
    try:
        listening = socket.socket(fileno=LISTEN_FD)
    except OSError as error:
        raise ConfigError(f"systemd handed over no socket: {error}") from error
    with Server(listening, Gate(config, Keys(config.keys_url)), digest) as server:
        print(json.dumps({"event": "started", "settings": digest[:12]}), flush=True)
        server.serve_forever()


def ask(config: Config, path: str) -> tuple[int, bytes]:
    """What answers on the socket. Raises ConfigError if nothing does."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(ASK_SECONDS)
        connection = http.client.HTTPConnection("gate")
        connection.sock = client
        try:
            client.connect(config.socket)
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ConfigError(f"nothing answers at {config.socket}: {error!r}") from error


def status(config: Config) -> dict[str, Any]:
    """What the one that answers on the socket tells of itself; empty if that can't be read."""
    try:
        told = json.loads(ask(config, "/status")[1])
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def check(config: Config, digest: str) -> dict[str, Any]:
    """Whether the one that answers on the socket has this digest; if not, why."""
    try:
        running = status(config).get("settings")
    except ConfigError as error:
        return {"current": False, "reason": str(error)}
    return {"current": True} if running == digest else {"current": False, "reason": "it runs with other settings"}


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Tell nginx who asks and whether that person is on the list.")
    parser.add_argument("config", type=Path)
    parser.add_argument("--check", action="store_true", help="tell whether the running gate has this configuration")
    asked = parser.parse_args(arguments)
    try:
        config, digest = load_config(asked.config)
        if not asked.check:
            serve(config, digest)
        print(json.dumps(check(config, digest)))
    except ConfigError as error:
        print(json.dumps({"event": "failed", "reason": str(error)}), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
