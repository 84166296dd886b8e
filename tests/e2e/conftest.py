"""The stages of a deployment's life, each on a fixture of the session; one of them can be run alone.

    fresh       `account`                 what a lab has before the first run
    running     `deployment`              what site.yml built, as people meet it
    day2        `deployment`              what its administrators do with it
    teardown    `deployment`, `second_lab`  both taken away, and the rights that all of it needed
    take_over   a sandbox of its own      what an earlier release built, taken over by this one
    young_account  a sandbox of its own   what AWS refuses for a moment is asked for again

With REUSE_SANDBOX=1 a stage takes what there is of these (`make demo` leaves it), and leaves it too.
"""

from __future__ import annotations

import fcntl
import json
import os
import pathlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import botocore.session
import httpx
import pytest

from sandbox import settings
from sandbox.demo import viewer
from sandbox.process import environment, supervisor
from tests.e2e import inside, interrupted, visitor
from tests.tiers import BUSY

HERE = pathlib.Path(__file__).parent
# The order of the tests; of a stage, those that want the machine for themselves (`quiet`) come after the others.
STAGES = ("fresh", "running", "day2", "teardown", "teardown/test_rights.py", "take_over", "young_account")
REUSE = "REUSE_SANDBOX" in os.environ


def place(item: pytest.Item) -> tuple[int, bool]:
    path = item.path.relative_to(HERE)
    stage = max(number for number, stage in enumerate(STAGES) if path.is_relative_to(stage))
    return stage, "quiet" in item.fixturenames


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ours = sorted((item for item in items if item.path.is_relative_to(HERE)), key=place)
    items[:] = [item for item in items if not item.path.is_relative_to(HERE)] + ours


@dataclass(frozen=True)
class Deployment:
    user: str
    password: str

    def edge_log(self) -> list[dict]:
        """Every request that reached the edge so far, oldest first."""
        return [json.loads(line) for line in pathlib.Path(settings.EDGE_LOG).read_text().splitlines()]


@pytest.fixture(scope="session")
def account() -> Iterator[None]:
    """What a lab has before the first run."""
    if not (REUSE and supervisor.is_up()):
        viewer.start()
    yield
    if not REUSE:
        viewer.sandbox("down")


@pytest.fixture(scope="session")
def has_viewer() -> threading.Event:
    """Set when the first deployment is built, or will not be."""
    return threading.Event()


@pytest.fixture(scope="session")
def building(account, has_viewer, request) -> Iterator[Future[None]]:
    """The building of the second lab, if a test is to come that looks at it.

    It takes minutes of one core. So it goes on beside the building of the first and beside tests without a browser.
    """
    items = [item for item in request.session.items if "second_lab" in item.fixturenames]
    often = any(item.get_closest_marker("nightly") for item in items)
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(interrupted.build if items else lambda *_others: None, often, has_viewer)
        has_viewer.set()


@pytest.fixture(scope="session")
def deployment(account, has_viewer, building) -> Deployment:
    try:
        if not (REUSE and inside.instances()):
            viewer.build()
    finally:
        has_viewer.set()
    return Deployment(viewer.USER, viewer.create_user(viewer.USER))


@pytest.fixture(scope="session")
def second_lab(deployment, building) -> None:
    """Another deployment, whose building was killed again and again."""
    building.result()


@pytest.fixture(scope="session")
def quiet(building) -> Iterator[None]:
    """The machine for itself, as browsers want it that are looked at by the second."""
    building.exception()
    with BUSY.open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        yield


@pytest.fixture
def http(deployment: Deployment) -> Iterator[httpx.Client]:
    """A plain client that trusts the sandbox's CA, follows no redirect and keeps no cookie of an earlier test."""
    with visitor.client() as client:
        yield client


@pytest.fixture(scope="session")
def signing_key(deployment) -> str:
    """The deployment's own private key, as only an administrator may read it."""
    name = f"/{settings.PROJECT}/cookie-signing-keys/k1"
    return settings.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]


@pytest.fixture(scope="session")
def key_pair_id(deployment) -> str:
    items = settings.client("cloudfront").list_public_keys()["PublicKeyList"]["Items"]
    return next(item["Id"] for item in items if settings.PROJECT in item["Name"])


@pytest.fixture(scope="module")
def in_the_sandbox() -> Iterator[pytest.MonkeyPatch]:
    """Modules that run in this process see the sandbox as AWS, and share AWS's models."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(environment.REMOVED_PREFIXES)]:
            patch.delenv(name)
        for name, value in environment.VARIABLES.items():
            patch.setenv(name, value)
        patch.setattr(botocore.session, "create_loader", environment.shared_loader)
        yield patch
