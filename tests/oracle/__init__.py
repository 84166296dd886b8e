"""The judges that this project did not write: the AWS SDK's cookie signer, AWS's verifier of load balancer tokens, and
axe-core, the checker of accessible web pages.

They are npm packages, installed on first use from the lock file beside this module. One Node process answers a whole
batch, so ask many things at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

HERE = Path(__file__).parent
STAMP = HERE / "node_modules" / ".installed"


class RefusedError(Exception):
    """The judge said no; the text is its own."""


def sign(policy: str, private_key_pem: str, key_pair_id: str, algorithm: str = "SHA1") -> dict[str, str]:
    """The cookies that the AWS SDK makes of one custom policy."""
    return sign_many([(policy, private_key_pem, key_pair_id, algorithm)])[0]


def sign_many(inputs: Iterable[tuple[str, str, str, str]]) -> list[dict[str, str]]:
    """`sign` for many (policy, private key, key pair id, algorithm)."""
    names = ("policy", "privateKey", "keyPairId", "algorithm")
    return [_value(a) for a in ask("cookies", [dict(zip(names, values, strict=True)) for values in inputs])]


def ask(question: str, inputs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One {"value": ...} or {"error": ...} for each input; see judge.mjs for the questions."""
    install()
    asked = json.dumps([{"question": question, "input": dict(each)} for each in inputs])
    done = _run("node", "judge.mjs", input=asked, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"judge.mjs failed: {done.stderr}")
    return json.loads(done.stdout)


def verify_alb_tokens(inputs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What aws-jwt-verify's AlbJwtVerifier says of each {token, keys: {kid: PEM}, albArn, clientId, issuer}."""
    return ask("alb", inputs)


def inaccessible(page: Page, part: str = "html") -> list[str]:
    """What axe-core finds wrong, or can't judge, in a part of a page as it is shown now."""
    install()
    page.evaluate((HERE / "node_modules/axe-core/axe.min.js").read_text())
    found = page.evaluate(
        "async (part) => { const {violations, incomplete} = await axe.run(part);"
        "return [...violations, ...incomplete]; }",
        part,
    )
    return [f"{rule['id']}: {node['html']}: {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def install() -> None:
    """`npm ci`, once for each state of the lock file; safe for tests that run side by side."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    with (HERE / "package.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not STAMP.exists() or STAMP.read_text() != wanted:
            _run("npm", "ci", "--no-audit", "--no-fund", "--silent", check=True)
            STAMP.write_text(wanted)


def _run(*command: str, check: bool = False, **options: Any) -> subprocess.CompletedProcess[str]:
    # Node.js comes from the same environment as this Python, whether or not it was activated.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return subprocess.run(["env", *command], check=check, cwd=HERE, env={**os.environ, "PATH": path}, **options)


def _value(answer: Mapping[str, Any]) -> Any:
    if "error" in answer:
        raise RefusedError(answer["error"])
    return answer["value"]
