"""One deployment for all end-to-end tests: the sandbox, real data, site.yml, one user."""

from __future__ import annotations

import json
import os
import pathlib
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from sandbox import demo, settings


@dataclass(frozen=True)
class Deployment:
    user: str
    password: str

    def edge_log(self) -> list[dict]:
        """Every request that reached the edge so far, oldest first."""
        return [json.loads(line) for line in pathlib.Path(settings.EDGE_LOG).read_text().splitlines()]


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    if os.environ.get("REUSE_SANDBOX"):  # what `make demo` left: for work on the tests themselves
        yield Deployment(demo.USER, demo.create_user(demo.USER))
        return
    demo.start()
    demo.playbook("site")
    yield Deployment(demo.USER, demo.create_user(demo.USER))
    subprocess.run([sys.executable, "-m", "sandbox", "down"], cwd=demo.ROOT, check=True)


@pytest.fixture
def http(deployment: Deployment) -> Iterator[httpx.Client]:
    """A plain client that trusts the sandbox's CA, follows no redirect and keeps no cookie of an earlier test."""
    context = ssl.create_default_context(cafile=str(settings.CA_FILE))
    with httpx.Client(verify=context, trust_env=False, timeout=30) as client:
        yield client
