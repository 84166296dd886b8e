# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create CloudFront signed cookies and write them to a file that nginx includes.

    signed_cookies.py CONFIG            create cookies, replace the file, reload nginx
    signed_cookies.py CONFIG --check    report whether the current file is valid, change nothing

One JSON line on standard output reports what was done. A failure is one JSON line on standard error and exit status 1;
the cookies from before stay. Neither ever holds a cookie's value or the key.

The file's first line is `# settings=<digest> expires=<seconds since 1970>`. The cookies: Amazon CloudFront
Developer Guide, "Set signed cookies using a custom policy".
Runs on Python 3.10 (Ubuntu 22.04) and later with the distribution's cryptography and boto3, so that security updates of
both come with the system's own.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

# SHA-1 is what CloudFront assumes when no cookie of this name says otherwise.
HASH_COOKIE = "CloudFront-Hash-Algorithm"
HASH_ALGORITHMS = {"SHA1": hashes.SHA1, "SHA256": hashes.SHA256}
COMMAND_TIMEOUT = 60
# AWS takes no request whose time is further off (IAM User Guide, "Elements of an AWS API request signature").
MAX_CLOCK_SKEW = 300
HEADER = re.compile(r"# settings=(\w+) expires=(\d+)\n")
# Values within quotes in nginx's configuration.
VALUE_PATTERNS = {"domain": r"[A-Za-z0-9.-]+", "key_pair_id": r"[A-Za-z0-9]+", "same_site": r"Lax|Strict|None"}


class JobError(Exception):
    """A failure; one sentence for the journal."""


@dataclass(frozen=True)
class Config:
    """What the configuration file holds: a JSON object with exactly these members."""

    resource: str  # URL pattern that the cookies give access to, for example https://data.example.org/*
    domain: str  # Domain of the cookies
    key_pair_id: str  # id of the CloudFront public key
    parameter_name: str  # SSM parameter with the private key, PEM
    region: str  # AWS region of that parameter
    endpoint_url: str  # of SSM; empty for AWS's own
    lifetime: int  # seconds
    hash_algorithm: str  # SHA1 or SHA256
    same_site: str  # Lax, Strict or None
    include_path: str  # file that nginx includes
    check_command: list[str]  # exit status 0 if nginx would take its configuration
    reload_command: list[str]  # makes nginx read it

    def __post_init__(self) -> None:
        if self.hash_algorithm not in HASH_ALGORITHMS:
            raise ValueError(f"hash_algorithm is {self.hash_algorithm}, not {' or '.join(HASH_ALGORITHMS)}")
        if self.lifetime <= 0:
            raise ValueError(f"lifetime is {self.lifetime} seconds")
        for name, pattern in VALUE_PATTERNS.items():
            if not re.fullmatch(pattern, getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)!r}")


def load_config(path: Path) -> tuple[Config, str]:
    """The configuration, and a digest that changes with it and with this program. Raises JobError."""
    try:
        text = path.read_bytes()
        config = Config(**json.loads(text))
    except (OSError, ValueError, TypeError) as error:
        raise JobError(f"Could not read the configuration {path}: {error}") from error
    return config, hashlib.sha256(text + Path(__file__).read_bytes()).hexdigest()


def custom_policy(resource: str, expires: int) -> bytes:
    """CloudFront's custom policy: one statement, no white space, DateLessThan in seconds since 1970."""
    condition = {"DateLessThan": {"AWS:EpochTime": expires}}
    document = {"Statement": [{"Resource": resource, "Condition": condition}]}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def encode(raw: bytes) -> str:
    """Base64 in CloudFront's own alphabet, which is not base64url: + = / become - _ ~."""
    return base64.b64encode(raw).translate(bytes.maketrans(b"+=/", b"-_~")).decode()


def load_private_key(pem: str) -> RSAPrivateKey:
    """The private key of a PEM text. Raises JobError if it isn't RSA with 2048 bits, as CloudFront requires."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise JobError("The SSM parameter holds no private key in PEM form without a password.") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size != 2048:
        raise JobError("The private key in the SSM parameter is not an RSA key of 2048 bits.")
    return key


def create_cookies(policy: bytes, key: RSAPrivateKey, key_pair_id: str, hash_algorithm: str) -> dict[str, str]:
    """Name and value of each cookie for one policy."""
    cookies = {
        "CloudFront-Policy": encode(policy),
        "CloudFront-Signature": encode(key.sign(policy, PKCS1v15(), HASH_ALGORITHMS[hash_algorithm]())),
        "CloudFront-Key-Pair-Id": key_pair_id,
    }
    return cookies if hash_algorithm == "SHA1" else {**cookies, HASH_COOKIE: hash_algorithm}


def nginx_include(cookies: dict[str, str], config: Config, digest: str, expires: int) -> str:
    """The file for nginx. Without `always` a Set-Cookie goes out with a success or redirect, never with a refusal."""
    attributes = f"Domain={config.domain}; Path=/; Secure; HttpOnly; SameSite={config.same_site}"
    sent = [f"{name}={value}" for name, value in cookies.items()]
    if HASH_COOKIE not in cookies:
        # Left in a browser from SHA-256 it would make CloudFront refuse the signature: expire it.
        sent.append(f"{HASH_COOKIE}=; Max-Age=0")
    lines = [f'add_header Set-Cookie "{cookie}; {attributes}";' for cookie in sent]
    ready = f'if ($msec ~ "{msec_before(expires)}") {{ set $session_ready 1; }}'
    return "\n".join([f"# settings={digest} expires={expires}", *lines, ready, ""])


def msec_before(end: int) -> str:
    """A pattern for nginx's $msec (seconds, a dot, milliseconds) before `end`: nginx compares no numbers."""
    digits = str(end)
    smaller = [
        f"{digits[:at]}[0-{int(digit) - 1}][0-9]{{{len(digits) - at - 1}}}"
        for at, digit in enumerate(digits)
        if digit != "0"
    ]
    return f"^([0-9]{{1,{len(digits) - 1}}}|{'|'.join(smaller)})[.]"


class PrivateKey(NamedTuple):
    """The private key, and the time by AWS's clock, which CloudFront checks cookies by."""

    pem: str
    now: float


def get_private_key(config: Config) -> PrivateKey:
    """The private key from SSM Parameter Store, with the instance's role. Raises JobError."""
    import boto3  # noqa: PLC0415  (slow to import, and --check does without)
    from botocore.config import Config as ClientConfig  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    client_config = ClientConfig(connect_timeout=5, read_timeout=10, retries={"max_attempts": 4, "mode": "standard"})
    try:
        client = boto3.client("ssm", config.region, endpoint_url=config.endpoint_url or None, config=client_config)
        answer = client.get_parameter(Name=config.parameter_name, WithDecryption=True)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise JobError(f"Could not read the private key from SSM parameter {config.parameter_name}: {error}") from error
    sent = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    return PrivateKey(answer["Parameter"]["Value"], sent.timestamp())


def check_clock_skew(now: float, aws: float) -> None:
    """Raises JobError for a large clock skew, which breaks more on this host than cookies."""
    if abs(now - aws) > MAX_CLOCK_SKEW:
        side = "behind" if now < aws else "ahead of"
        raise JobError(f"This host's clock is {abs(now - aws):.0f} seconds {side} AWS's.")


@contextmanager
def exclusive_lock(include: Path) -> Iterator[None]:
    """A lock on the file. Raises JobError if another run holds it."""
    with include.with_name(f"{include.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JobError(f"Another run is writing {include}.") from error
        yield


def write_and_fsync(path: Path, text: str) -> None:
    """Write a file with mode 0600 and fsync it."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def temporary_paths(path: Path) -> tuple[Path, Path]:
    """Paths of the new file and of the backup while the file is replaced."""
    return path.with_name(f"{path.name}.new"), path.with_name(f"{path.name}.old")


def recover(path: Path) -> None:
    """Clean up after a killed run: its new file is not tested, so the backup is restored."""
    new, old = temporary_paths(path)
    new.unlink(missing_ok=True)
    if old.exists() and HEADER.match(old.read_text()):
        os.replace(old, path)
    old.unlink(missing_ok=True)


def replace_file(path: Path, text: str, check: Callable[[], None]) -> None:
    """Replace the file atomically. If `check` raises, the backup is restored, or the file removed if there was none."""
    new, old = temporary_paths(path)
    try:
        write_and_fsync(new, text)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    if path.exists():
        os.link(path, old)
    os.replace(new, path)
    try:
        check()
    except BaseException:
        if old.exists():
            os.replace(old, path)
        else:
            path.unlink()
        raise
    old.unlink(missing_ok=True)


def run_command(command: list[str], secrets: list[str]) -> None:
    """Raises JobError with the output of a failed command; nginx may quote its files, so secrets are redacted."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise JobError(f"{' '.join(command)} did not run: {error}") from error
    if done.returncode:
        output = f"{done.stdout}{done.stderr}".strip()
        for secret in secrets:
            output = output.replace(secret, "...")
        raise JobError(f"{' '.join(command)} failed with status {done.returncode}: {output}")


def run(
    config: Config, digest: str, now: float, fetch: Callable[[Config], PrivateKey] = get_private_key
) -> dict[str, Any]:
    """Create cookies and reload nginx; returns what to log. `now` in seconds since 1970. Raises JobError, OSError."""
    include = Path(config.include_path)
    with exclusive_lock(include):
        recover(include)
        private_key = fetch(config)
        check_clock_skew(now, private_key.now)
        key, expires = load_private_key(private_key.pem), int(private_key.now) + config.lifetime
        cookies = create_cookies(
            custom_policy(config.resource, expires), key, config.key_pair_id, config.hash_algorithm
        )
        secrets = [cookies["CloudFront-Policy"], cookies["CloudFront-Signature"]]
        text = nginx_include(cookies, config, digest, expires)
        replace_file(include, text, lambda: run_command(config.check_command, secrets))
        run_command(config.reload_command, secrets)
    wrote = {"path": config.include_path, "cookies": sorted(cookies), "resource": config.resource}
    return {"event": "cookies written", **wrote, "key_pair_id": config.key_pair_id, "expires": iso(expires)}


def check(config: Config, digest: str, now: float) -> dict[str, Any]:
    """Whether the current file was made with these settings and has over half of its lifetime left; if not, why."""
    try:
        header = HEADER.match(Path(config.include_path).read_text())
    except FileNotFoundError:
        return {"current": False, "reason": "there are no cookies"}
    if not header or header[1] != digest:
        return {"current": False, "reason": "the cookies were made with other settings"}
    if int(header[2]) - now <= config.lifetime / 2:
        return {"current": False, "reason": f"the cookies expire at {iso(int(header[2]))}"}
    return {"current": True}


def run_or_check(path: Path, only_check: bool) -> dict[str, Any]:
    """What to log of a run, or of its failure: then with the expiry of the current cookies."""
    context: dict[str, Any] = {}
    try:
        config, digest = load_config(path)
        context = {"key_pair_id": config.key_pair_id, "path": config.include_path}
        return (check if only_check else run)(config, digest, time.time())
    except (JobError, OSError, ValueError, LookupError) as error:
        expiry = {"current_cookies_expire": expiry_of(context["path"])} if context else {}
        return {"event": "failed", "reason": str(error), **context, **expiry}


def expiry_of(path: str) -> str | None:
    """When the current cookies expire; None without a readable file."""
    try:
        header = HEADER.match(Path(path).read_text())
    except (OSError, ValueError):
        return None
    return iso(int(header[2])) if header else None


def iso(seconds: int) -> str:
    """Seconds since 1970 as 2026-11-22T01:02:03Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Create CloudFront signed cookies for nginx.")
    parser.add_argument("config", type=Path)
    parser.add_argument("--check", action="store_true", help="report whether the current cookies are valid")
    options, started = parser.parse_args(arguments), time.monotonic()
    report = run_or_check(options.config, options.check)
    failed = report.get("event") == "failed"
    line = json.dumps({**report, "seconds": round(time.monotonic() - started, 3)})
    print(line, file=sys.stderr if failed else sys.stdout)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
