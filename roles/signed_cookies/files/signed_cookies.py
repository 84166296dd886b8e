# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make CloudFront signed cookies and give them to nginx as a file to include.

    signed_cookies.py CONFIG            make cookies, put the file in place, reload nginx
    signed_cookies.py CONFIG --check    tell whether the file in place is still good, change nothing

One JSON line on standard output says what was done. A failure is one JSON line on standard error and exit status 1; the
cookies that were there before stay. Neither ever holds a cookie's value or the key.

The file's first line is `# settings=<digest> expires=<seconds since 1970>`, for whoever wants to know how long its
cookies are good. The contract of the cookies: Amazon CloudFront Developer Guide, "Set signed cookies using a custom
policy".
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
HASHES = {"SHA1": hashes.SHA1, "SHA256": hashes.SHA256}
COMMAND_SECONDS = 60
# AWS takes no request whose time is further off (IAM User Guide, "Elements of an AWS API request signature").
CLOCK_SECONDS = 300
HEAD = re.compile(r"# settings=(\w+) expires=(\d+)\n")
# These stand within quotes in nginx's configuration.
PLAIN = {"domain": r"[A-Za-z0-9.-]+", "key_pair_id": r"[A-Za-z0-9]+", "same_site": r"Lax|Strict|None"}


class JobError(Exception):
    """The reason of a failure, one sentence for the journal."""


@dataclass(frozen=True)
class Config:
    """What the configuration file holds: a JSON object with exactly these members."""

    resource: str  # URL pattern that the cookies open, for example https://data.example.org/*
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
        if self.hash_algorithm not in HASHES:
            raise ValueError(f"hash_algorithm is {self.hash_algorithm}, not {' or '.join(HASHES)}")
        if self.lifetime <= 0:
            raise ValueError(f"lifetime is {self.lifetime} seconds")
        for name, pattern in PLAIN.items():
            if not re.fullmatch(pattern, getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)!r}")


def load_config(path: Path) -> tuple[Config, str]:
    """The configuration, and a digest that changes with it and with this program. Raises JobError."""
    try:
        text = path.read_bytes()
        config = Config(**json.loads(text))
    except (OSError, ValueError, TypeError) as error:
        raise JobError(f"{path} can't be read as this job's configuration: {error}") from error
    return config, hashlib.sha256(text + Path(__file__).read_bytes()).hexdigest()


def make_policy(resource: str, expires: int) -> bytes:
    """The custom policy as CloudFront wants it: one statement, no white space, the end in seconds since 1970."""
    condition = {"DateLessThan": {"AWS:EpochTime": expires}}
    document = {"Statement": [{"Resource": resource, "Condition": condition}]}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def encode(raw: bytes) -> str:
    """Base64 in CloudFront's own alphabet, which is not base64url: + = / become - _ ~."""
    return base64.b64encode(raw).translate(bytes.maketrans(b"+=/", b"-_~")).decode()


def load_key(pem: str) -> RSAPrivateKey:
    """The private key of a PEM text. Raises JobError if it isn't RSA with 2048 bits, which CloudFront asks for."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise JobError("The parameter holds no private key in PEM form without a password.") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size != 2048:
        raise JobError("The parameter's private key is not an RSA key of 2048 bits.")
    return key


def make_cookies(policy: bytes, key: RSAPrivateKey, key_pair_id: str, hash_algorithm: str) -> dict[str, str]:
    """Name and value of each cookie for one policy."""
    cookies = {
        "CloudFront-Policy": encode(policy),
        "CloudFront-Signature": encode(key.sign(policy, PKCS1v15(), HASHES[hash_algorithm]())),
        "CloudFront-Key-Pair-Id": key_pair_id,
    }
    return cookies if hash_algorithm == "SHA1" else {**cookies, HASH_COOKIE: hash_algorithm}


def render(cookies: dict[str, str], config: Config, digest: str, expires: int) -> str:
    """The file for nginx. Without `always` a Set-Cookie goes out with a success or redirect, never with a refusal."""
    attributes = f"Domain={config.domain}; Path=/; Secure; HttpOnly; SameSite={config.same_site}"
    sent = [f"{name}={value}" for name, value in cookies.items()]
    if HASH_COOKIE not in cookies:
        # One that a browser holds since SHA-256 was signed with would make CloudFront refuse the signature.
        sent.append(f"{HASH_COOKIE}=; Max-Age=0")
    lines = [f'add_header Set-Cookie "{cookie}; {attributes}";' for cookie in sent]
    ready = f'if ($msec ~ "{seconds_before(expires)}") {{ set $session_ready 1; }}'
    return "\n".join([f"# settings={digest} expires={expires}", *lines, ready, ""])


def seconds_before(end: int) -> str:
    """A pattern for nginx's $msec (seconds, a dot, milliseconds) before `end`: nginx compares no numbers."""
    digits = str(end)
    smaller = [
        f"{digits[:at]}[0-{int(digit) - 1}][0-9]{{{len(digits) - at - 1}}}"
        for at, digit in enumerate(digits)
        if digit != "0"
    ]
    return f"^([0-9]{{1,{len(digits) - 1}}}|{'|'.join(smaller)})[.]"


class Fetched(NamedTuple):
    """The private key, and AWS's own clock, by which CloudFront will judge the cookies."""

    pem: str
    now: float


def fetch_key(config: Config) -> Fetched:
    """The private key, from SSM Parameter Store by the instance's role. Raises JobError."""
    import boto3  # noqa: PLC0415  (slow to import, and --check does without)
    from botocore.config import Config as ClientConfig  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    patience = ClientConfig(connect_timeout=5, read_timeout=10, retries={"max_attempts": 4, "mode": "standard"})
    try:
        client = boto3.client("ssm", config.region, endpoint_url=config.endpoint_url or None, config=patience)
        answer = client.get_parameter(Name=config.parameter_name, WithDecryption=True)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise JobError(f"The private key can't be had from SSM parameter {config.parameter_name}: {error}") from error
    sent = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    return Fetched(answer["Parameter"]["Value"], sent.timestamp())


def check_clock(now: float, aws: float) -> None:
    """Raises JobError if this host's clock is far off: what else goes by it on this host is wrong, too."""
    if abs(now - aws) > CLOCK_SECONDS:
        side = "behind" if now < aws else "ahead of"
        raise JobError(f"This host's clock is {abs(now - aws):.0f} seconds {side} AWS's.")


@contextmanager
def only_run(include: Path) -> Iterator[None]:
    """Keeps a second run out. Raises JobError if there is a first."""
    with include.with_name(f"{include.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JobError(f"Another run is writing {include}.") from error
        yield


def write_durably(path: Path, text: str) -> None:
    """A file for its owner only, on the disk when this returns."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def beside(path: Path) -> tuple[Path, Path]:
    """Where the next file and the one before are kept for a moment."""
    return path.with_name(f"{path.name}.new"), path.with_name(f"{path.name}.old")


def recover(path: Path) -> None:
    """Clean up after a run that was killed: nobody has tested what it put in place, so the file before is back."""
    new, old = beside(path)
    new.unlink(missing_ok=True)
    if old.exists() and HEAD.match(old.read_text()):
        os.replace(old, path)
    old.unlink(missing_ok=True)


def put_in_place(path: Path, text: str, check: Callable[[], None]) -> None:
    """Replace the file whole. If `check` raises, the one before is back, or none if there was none."""
    new, old = beside(path)
    try:
        write_durably(new, text)
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
    """Raises JobError with what the command said if it fails; nginx may quote its files, so secrets are cut out."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise JobError(f"{' '.join(command)} did not run: {error}") from error
    if done.returncode:
        said = f"{done.stdout}{done.stderr}".strip()
        for secret in secrets:
            said = said.replace(secret, "...")
        raise JobError(f"{' '.join(command)} failed with status {done.returncode}: {said}")


def run(config: Config, digest: str, now: float, fetch: Callable[[Config], Fetched] = fetch_key) -> dict[str, Any]:
    """Make cookies, hand them to nginx; what to log of it. `now` in seconds since 1970. Raises JobError, OSError."""
    include = Path(config.include_path)
    with only_run(include):
        recover(include)
        fetched = fetch(config)
        check_clock(now, fetched.now)
        key, expires = load_key(fetched.pem), int(fetched.now) + config.lifetime
        cookies = make_cookies(make_policy(config.resource, expires), key, config.key_pair_id, config.hash_algorithm)
        secrets = [cookies["CloudFront-Policy"], cookies["CloudFront-Signature"]]
        text = render(cookies, config, digest, expires)
        put_in_place(include, text, lambda: run_command(config.check_command, secrets))
        run_command(config.reload_command, secrets)
    wrote = {"path": config.include_path, "cookies": sorted(cookies), "resource": config.resource}
    return {"event": "cookies written", **wrote, "key_pair_id": config.key_pair_id, "expires": iso(expires)}


def check(config: Config, digest: str, now: float) -> dict[str, Any]:
    """Whether the file in place was made with these settings and has over half of its life left; if not, why."""
    try:
        found = HEAD.match(Path(config.include_path).read_text())
    except FileNotFoundError:
        return {"current": False, "reason": "there are no cookies"}
    if not found or found[1] != digest:
        return {"current": False, "reason": "the cookies were made with other settings"}
    if int(found[2]) - now <= config.lifetime / 2:
        return {"current": False, "reason": f"the cookies end at {iso(int(found[2]))}"}
    return {"current": True}


def attempt(path: Path, only_check: bool) -> dict[str, Any]:
    """What to log of a run, or of its failure: then with the end of the cookies that are still in place."""
    known: dict[str, Any] = {}
    try:
        config, digest = load_config(path)
        known = {"key_pair_id": config.key_pair_id, "path": config.include_path}
        return (check if only_check else run)(config, digest, time.time())
    except (JobError, OSError, ValueError, LookupError) as error:
        left = {"cookies_in_place_end": end_of(known["path"])} if known else {}
        return {"event": "failed", "reason": str(error), **known, **left}


def end_of(path: str) -> str | None:
    """When the cookies in place end; None if there are none that can be read."""
    try:
        found = HEAD.match(Path(path).read_text())
    except (OSError, ValueError):
        return None
    return iso(int(found[2])) if found else None


def iso(seconds: int) -> str:
    """Seconds since 1970 as 2026-11-22T01:02:03Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Make CloudFront signed cookies and give them to nginx.")
    parser.add_argument("config", type=Path)
    parser.add_argument("--check", action="store_true", help="tell whether the cookies in place are still good")
    asked, started = parser.parse_args(arguments), time.monotonic()
    report = attempt(asked.config, asked.check)
    failed = report.get("event") == "failed"
    line = json.dumps({**report, "seconds": round(time.monotonic() - started, 3)})
    print(line, file=sys.stderr if failed else sys.stdout)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
