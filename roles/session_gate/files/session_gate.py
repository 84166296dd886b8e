# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorize nginx's requests by the token of an Application Load Balancer and the list of allowed e-mail addresses.

    session_gate.py CONFIG            answer on the socket that systemd passes
    session_gate.py CONFIG --check    report whether the running service has this configuration

nginx sends an `auth_request` with the client's headers. The answer is 204 for a person on the list, 403 for one who
isn't, 401 without a valid token, 503 without a public key to verify it; X-Person names the person where the token was
good. An error never grants access.

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
from http import HTTPStatus
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
from session_gate_allow_list import AllowList, email_domain

TOKEN_HEADER, IDENTITY_HEADER = "x-amzn-oidc-data", "x-amzn-oidc-identity"
# The load balancer's own limit for a header field.
TOKEN_MAX_BYTES = 16 * 1024
# Seconds that the load balancer's clock may differ from ours.
LEEWAY = 30
KEY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

KEY_MAX_BYTES = 4096
KEY_TIMEOUT = 4  # seconds to fetch one, from the name of its host to its last byte
KEY_CACHE_SIZE = 8
CONNECT_TIMEOUT = 1.5  # seconds for each address of the host, so that a second one can still be tried
KEY_LIFETIME = 3600  # seconds for which a key is cached: AWS may withdraw it
FETCH_LIMIT, FETCH_LIMIT_SECONDS = 10, 60  # fetches in so many seconds
FETCH_RESULT_SECONDS = 5  # for which the result of a fetch is cached, success or error

MAX_WORKERS = 64
MAX_WAITING = 48  # workers that may wait for a fetch, so that the others are there for people whose key is cached
CLIENT_TIMEOUT = 10  # seconds for nginx to send its request
REQUEST_TIMEOUT = 3  # seconds, of a request on the socket
LAST_ERROR_SECONDS = 300  # for which a failed fetch is reported
WATCHDOG_SECONDS = 5  # between two keep-alive pings to systemd
LISTEN_FD = 3  # sd_listen_fds(3)


class ConfigError(Exception):
    """An invalid configuration; one sentence for the journal."""


class AccessDeniedError(Exception):
    """A request that is denied; `email` only if the token was good."""

    def __init__(self, status: int, reason: str, email: str = "") -> None:
        super().__init__(reason)
        self.status, self.reason, self.email = status, reason, email


@dataclass(frozen=True)
class Config:
    """What the configuration file holds: a JSON object with exactly these members."""

    socket: str  # path of the socket
    load_balancer_arn: str  # signer of the tokens
    client_id: str  # app client
    issuer: str  # issuer URL of the user pool
    keys_url: str  # URL of the load balancer's public keys
    allowed_email_domains: list[str]
    allowed_emails: list[str]
    require_allow_list: bool  # whether two empty lists deny everybody, rather than allow everybody

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

    def is_allowed(self, email: str) -> bool:
        """Whether this person has access."""
        return AllowList(self.allowed_email_domains, self.allowed_emails).admits(email, self.require_allow_list)


def load_config(path: Path) -> tuple[Config, str]:
    """The configuration, and a digest that changes with it and with this program. Raises ConfigError."""
    try:
        text = path.read_bytes()
        config = Config(**json.loads(text))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"Could not read the configuration {path}: {error}") from error
    programs = [Path(program).read_bytes() for program in (__file__, session_gate_allow_list.__file__)]
    return config, hashlib.sha256(b"".join([text, *programs])).hexdigest()


# --- the token


class Jwt(NamedTuple):
    """A decoded token (RFC 7519). Nothing in it can be trusted before `verify_signature`."""

    signing_input: bytes
    signature: bytes
    header: dict[str, Any]
    claims: dict[str, Any]


def base64url_decode(part: str) -> bytes:
    """Base64url, padded (as load balancers do) or not (RFC 7515), and nothing else."""
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise AccessDeniedError(401, "the token is not base64url") from error
    padded = base64.urlsafe_b64encode(raw).decode()
    if part not in (padded, padded.rstrip("=")):
        raise AccessDeniedError(401, "the token is not base64url")
    return raw


def reject_duplicate_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Of duplicate names another parser might take the other value."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name is repeated")
    return dict(pairs)


def decode_json_object(part: str) -> dict[str, Any]:
    """The JSON object in a part of a token."""
    try:
        value = json.loads(base64url_decode(part).decode(), object_pairs_hook=reject_duplicate_names)
    except (ValueError, RecursionError) as error:
        raise AccessDeniedError(401, "the token does not hold JSON") from error
    if not isinstance(value, dict):
        raise AccessDeniedError(401, "the token does not hold a JSON object")
    return value


def parse_jwt(token: str) -> Jwt:
    """The three parts of a token in compact serialization."""
    if len(token) > TOKEN_MAX_BYTES:
        raise AccessDeniedError(401, "the token is too large")
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        raise AccessDeniedError(401, "the token does not have three parts")
    header, claims, signature = parts
    signing_input = token.rpartition(".")[0].encode("ascii", "replace")
    return Jwt(signing_input, base64url_decode(signature), decode_json_object(header), decode_json_object(claims))


def validate_header(header: dict[str, Any], config: Config) -> None:
    """Deny a token of another algorithm, signer or app client."""
    reasons = (
        (header.get("alg") != "ES256", "the token's algorithm is not ES256"),
        ("crit" in header, "the token has a critical extension (crit)"),
        (not is_kid(header.get("kid")), "the token's kid is not one of a load balancer"),
        (header.get("signer") != config.load_balancer_arn, "the token was not signed by our load balancer"),
        (header.get("client") != config.client_id, "the token is for another app client"),
    )
    deny_for(reasons)


def is_kid(value: object) -> bool:
    """A key id, safe as part of a URL."""
    return isinstance(value, str) and bool(KEY_ID.fullmatch(value))


def is_numeric_date(value: object) -> bool:
    """Seconds since 1970 (RFC 7519). JSON's true is an int to Python."""
    return isinstance(value, int) and not isinstance(value, bool)


def validate_issuer_and_times(token: Jwt, config: Config, now: float) -> None:
    """iss and exp are in the header, iss in the claims again, and exp where it is repeated."""
    claims = {"exp": token.header.get("exp"), "nbf": 0, **token.claims}
    both = (token.header, claims)
    reasons = (
        (any(part.get("iss") != config.issuer for part in both), "the token is of another user pool"),
        (not all(is_numeric_date(part.get("exp")) for part in both), "the token has no exp"),
        (not is_numeric_date(claims["nbf"]), "the token's nbf is not a time"),
    )
    deny_for(reasons)
    deny_for([(min(part["exp"] for part in both) + LEEWAY < now, "the token has expired")])
    deny_for([(claims["nbf"] - LEEWAY > now, "the token is not valid yet")])


def deny_for(reasons: Any) -> None:
    """Deny for the first reason that holds."""
    for holds, reason in reasons:
        if holds:
            raise AccessDeniedError(401, reason)


def verify_signature(token: Jwt, key: EllipticCurvePublicKey) -> None:
    """An ES256 signature is r and s, 32 bytes each (RFC 7518)."""
    if len(token.signature) != 64:
        raise AccessDeniedError(401, "the token's signature is not one of ES256")
    numbers = [int.from_bytes(half, "big") for half in (token.signature[:32], token.signature[32:])]
    try:
        key.verify(encode_dss_signature(*numbers), token.signing_input, ECDSA(SHA256()))
    except InvalidSignature as error:
        raise AccessDeniedError(401, "the token's signature is wrong") from error


def verified_email(claims: dict[str, Any]) -> str:
    """The person's verified e-mail address in lower case."""
    email, verified = claims.get("email"), claims.get("email_verified")
    if not email_domain(email):
        raise AccessDeniedError(403, "the person has no e-mail address, or one with letters that are not allowed here")
    if verified is not True and verified != "true":
        raise AccessDeniedError(403, "the person's e-mail address is not verified", email.lower())
    return email.lower()


# --- the public keys


class Fetch:
    """A fetch in a thread of its own, since nothing limits the time of name resolution.

    Whoever waits gets its result, or gives up at one deadline.
    """

    def __init__(self, fetch: Callable[[], EllipticCurvePublicKey], clock: Callable[[], float]) -> None:
        self._fetch, self._clock = fetch, clock
        self._deadline = time.monotonic() + KEY_TIMEOUT
        self._result: EllipticCurvePublicKey | AccessDeniedError | None = None
        self._ended, self._lock = threading.Event(), threading.Lock()
        self.expires = float("inf")
        threading.Thread(target=self._run, daemon=True).start()

    def result(self) -> EllipticCurvePublicKey:
        """Raises AccessDeniedError, also if there is none at the deadline."""
        if not self._ended.wait(max(0.0, self._deadline - time.monotonic())):
            self._end(key_error(f"no answer within {KEY_TIMEOUT} seconds"))
        if isinstance(self._result, EllipticCurvePublicKey):
            return self._result
        raise AccessDeniedError(self._result.status, self._result.reason)

    def _run(self) -> None:
        try:
            self._end(self._fetch())
        except AccessDeniedError as error:
            self._end(error)

    def _end(self, result: EllipticCurvePublicKey | AccessDeniedError) -> None:
        """The first result counts, but for a key that comes after the deadline: whoever asks next has it."""
        with self._lock:
            if not self._ended.is_set() or isinstance(result, EllipticCurvePublicKey):
                self._result, self.expires = result, self._clock() + FETCH_RESULT_SECONDS
                self._ended.set()


def key_error(reason: str) -> AccessDeniedError:
    """What kept a public key from being fetched."""
    return AccessDeniedError(503, f"could not fetch the load balancer's public key: {reason}")


class PublicKeys:
    """The load balancer's public keys, fetched when they are first needed.

    Key ids come from tokens that anybody may have written. So a key is cached only once it has verified a token, and
    fetches are rate limited. A cached key is found without a lock, and never waits for the fetch of another one.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = urlsplit(url)
        self._clock = clock
        self._cache: dict[str, tuple[float, EllipticCurvePublicKey]] = {}
        self._fetches: dict[str, Fetch] = {}
        self._started: list[float] = []
        self._last_error = (0.0, "")
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)

    def last_error(self) -> str:
        """Why the latest fetch failed, if that was recent."""
        then, reason = self._last_error
        return reason if reason and self._clock() - then < LAST_ERROR_SECONDS else ""

    def get(self, kid: str) -> EllipticCurvePublicKey:
        """The key, cached or fetched. Concurrent requests for the same one share the result."""
        if key := self._cached(kid):
            return key
        if not self._waiting.acquire(blocking=False):
            raise AccessDeniedError(503, "too many requests wait for public keys")
        try:
            return self._result(self._fetch_within_limit(kid))
        finally:
            self._waiting.release()

    def add(self, kid: str, key: EllipticCurvePublicKey) -> None:
        """Cache a key that has verified a token."""
        if self._cached(kid):
            return
        with self._lock:
            others = [item for item in self._cache.items() if item[0] != kid]
            self._cache = dict([*others, (kid, (self._clock() + KEY_LIFETIME, key))][-KEY_CACHE_SIZE:])

    def _cached(self, kid: str) -> EllipticCurvePublicKey | None:
        expires, key = self._cache.get(kid, (0.0, None))
        return key if expires > self._clock() else None

    def _result(self, fetch: Fetch) -> EllipticCurvePublicKey:
        try:
            return fetch.result()
        except AccessDeniedError as error:
            if error.status == 503:
                self._last_error = (self._clock(), error.reason)
            raise

    def _fetch_within_limit(self, kid: str) -> Fetch:
        with self._lock:
            now = self._clock()
            self._fetches = {name: fetch for name, fetch in self._fetches.items() if fetch.expires > now}
            if kid not in self._fetches:
                self._count_fetch(now)
                self._fetches[kid] = Fetch(lambda: self._parse_pem(self._fetch(kid)), self._clock)
            return self._fetches[kid]

    def _count_fetch(self, now: float) -> None:
        self._started = [then for then in self._started if then > now - FETCH_LIMIT_SECONDS]
        if len(self._started) >= FETCH_LIMIT:
            raise AccessDeniedError(503, "too many unknown public keys were requested")
        self._started.append(now)

    def _fetch(self, kid: str) -> bytes:
        end = time.monotonic() + KEY_TIMEOUT
        connection = http.client.HTTPSConnection(
            self._url.netloc, timeout=min(CONNECT_TIMEOUT, KEY_TIMEOUT), context=ssl.create_default_context()
        )
        try:
            connection.connect()
            connection.sock.settimeout(KEY_TIMEOUT)
            connection.request("GET", f"{self._url.path.rstrip('/')}/{kid}")
            answer = connection.getresponse()
            body = b""
            while len(body) <= KEY_MAX_BYTES and time.monotonic() < end and (more := answer.read1(KEY_MAX_BYTES)):
                body += more
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise key_error(repr(error)) from error
        finally:
            connection.close()
        if answer.status in (403, 404):
            raise AccessDeniedError(401, "the load balancer has no such public key")
        if answer.status != 200 or len(body) > KEY_MAX_BYTES:
            raise key_error(f"status {answer.status}, {len(body)} bytes")
        return body

    @staticmethod
    def _parse_pem(pem: bytes) -> EllipticCurvePublicKey:
        try:
            key = load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise AccessDeniedError(503, "the load balancer's public key is not in PEM form") from error
        if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
            raise AccessDeniedError(503, "the load balancer's public key is not one of P-256")
        return key


# --- the service


def log(**line: Any) -> None:
    """One JSON line, in ASCII whatever was sent. `print` would let another thread in before the end of the line."""
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()


def single_header(headers: Message, name: str) -> str:
    """The value of a header; of two, one may not be the load balancer's."""
    values = headers.get_all(name, [])
    if len(values) != 1:
        raise AccessDeniedError(401, f"{len(values) or 'no'} {name}")
    return values[0]


def log_answer(status: int, reason: str, email: str = "") -> None:
    """Log an answer; `email` only if the token was good."""
    log(event="request", answer=status, reason=reason, **({"email": email} if email else {}))


class Gate:
    """Authorizes requests."""

    def __init__(self, config: Config, keys: PublicKeys, clock: Callable[[], float] = time.time) -> None:
        self._config, self._keys, self._clock = config, keys, clock

    def authorize(self, headers: Message) -> str:
        """The e-mail address of the person who sent these headers. Raises AccessDeniedError."""
        token = parse_jwt(single_header(headers, TOKEN_HEADER))
        identity = single_header(headers, IDENTITY_HEADER)
        validate_header(token.header, self._config)
        validate_issuer_and_times(token, self._config, self._clock())
        kid = token.header["kid"]
        key = self._keys.get(kid)
        verify_signature(token, key)
        self._keys.add(kid, key)
        if not identity or token.claims.get("sub") != identity:
            raise AccessDeniedError(401, "the token's sub is not the x-amzn-oidc-identity")
        email = verified_email(token.claims)
        if not self._config.is_allowed(email):
            raise AccessDeniedError(403, "the person is not on the list", email)
        return email

    def last_error(self) -> str:
        """Why no public key could be fetched lately, so that people on the list are denied."""
        return self._keys.last_error()

    def respond(self, headers: Message) -> tuple[int, str]:
        """Status and verified e-mail address, logged to the journal."""
        try:
            status, reason, email = 204, "on the list", self.authorize(headers)
        except AccessDeniedError as refusal:
            status, reason, email = refusal.status, refusal.reason, refusal.email
        log_answer(status, reason, email)
        return status, email


class Handler(BaseHTTPRequestHandler):
    """HTTP for Gate: / authorizes, /status reports the running configuration."""

    server: Server
    timeout = CLIENT_TIMEOUT

    def do_GET(self) -> None:
        """The name that http.server looks for."""
        if self.path == "/status":
            return self._reply(200, {"Content-Type": "application/json"}, self.server.status())
        if self.path != "/":
            return self._reply(404, {})
        status, email = self.server.gate.respond(self.headers)
        return self._reply(status, {"X-Person": email} if email else {})

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """The name that http.server calls. Its 431 for headers without end would be a fault of the gate to nginx."""
        if code != HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
            return super().send_error(code, message, explain)
        log_answer(401, "the request has too many headers, or too long ones")
        return self._reply(401, {})

    def _reply(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Gate logs its answers; invalid requests are not logged."""


class Server(ThreadingMixIn, TCPServer):
    """Serves a socket that listens already, several requests at once."""

    def __init__(self, listen_socket: socket.socket, gate: Gate, digest: str) -> None:
        super().__init__(("", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket, self.gate, self.digest = listen_socket, gate, digest
        self._pool = ThreadPoolExecutor(MAX_WORKERS)
        self._last_watchdog = 0.0

    def status(self) -> bytes:
        return json.dumps({"settings": self.digest, "last_error": self.gate.last_error()}).encode()

    def service_actions(self) -> None:
        """Called some times a second. A worker sends the keep-alive ping, so that pings end if all workers hang."""
        if time.monotonic() - self._last_watchdog > WATCHDOG_SECONDS:
            self._last_watchdog = time.monotonic()
            self._pool.submit(sd_notify, "WATCHDOG=1")

    def process_request(self, request: Any, client_address: Any) -> None:
        self._pool.submit(self.process_request_thread, request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """One line, such as for a client that closed the connection."""
        log(event="failed", reason=repr(sys.exc_info()[1]))

    def server_close(self) -> None:
        super().server_close()
        self._pool.shutdown()


# --- systemd and the command line


def sd_notify(state: str) -> None:
    """sd_notify(3), where systemd asked for it."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(state.encode(), f"\0{path[1:]}" if path.startswith("@") else path)


def serve(config: Config, digest: str) -> None:
    """Answer until the process ends. Raises ConfigError without a socket."""
    try:
        listen_socket = socket.socket(fileno=LISTEN_FD)
    except OSError as error:
        raise ConfigError(f"systemd passed no socket: {error}") from error
    with Server(listen_socket, Gate(config, PublicKeys(config.keys_url)), digest) as server:
        log(event="started", settings=digest[:12])
        server.serve_forever()


def get(config: Config, path: str) -> tuple[int, bytes]:
    """Status and body from the socket. Raises ConfigError without an answer."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(REQUEST_TIMEOUT)
        connection = http.client.HTTPConnection("gate")
        connection.sock = client
        try:
            client.connect(config.socket)
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ConfigError(f"nothing answers at {config.socket}: {error!r}") from error


def running_status(config: Config) -> dict[str, Any]:
    """The status of the running service; empty if it is not valid JSON."""
    try:
        answer = json.loads(get(config, "/status")[1])
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def check_running(config: Config, digest: str) -> dict[str, Any]:
    """Whether the running service has this digest; if not, why."""
    try:
        running = running_status(config).get("settings")
    except ConfigError as error:
        return {"current": False, "reason": str(error)}
    return {"current": True} if running == digest else {"current": False, "reason": "it runs with other settings"}


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        description="Authorize nginx's requests by a load balancer's token and a list of e-mail addresses."
    )
    parser.add_argument("config", type=Path)
    parser.add_argument(
        "--check", action="store_true", help="report whether the running service has this configuration"
    )
    options = parser.parse_args(arguments)
    try:
        config, digest = load_config(options.config)
        if not options.check:
            serve(config, digest)
        print(json.dumps(check_running(config, digest)))
    except ConfigError as error:
        print(json.dumps({"event": "failed", "reason": str(error)}), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
