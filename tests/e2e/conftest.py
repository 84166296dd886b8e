"""One deployment for all end-to-end tests: the sandbox, real data, site.yml, one user."""

from __future__ import annotations

import json
import os
import pathlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import httpx
import pytest

from sandbox import settings
from sandbox.demo import viewer
from tests.e2e import interrupted, visitor


@dataclass(frozen=True)
class Deployment:
    user: str
    password: str

    def edge_log(self) -> list[dict]:
        """Every request that reached the edge so far, oldest first."""
        return [json.loads(line) for line in pathlib.Path(settings.EDGE_LOG).read_text().splitlines()]


REUSE = "REUSE_SANDBOX" in os.environ  # what `make demo` left: for work on the tests themselves


@pytest.fixture(scope="session")
def account() -> Iterator[None]:
    """What a lab has before the first run."""
    if REUSE:
        yield
        return
    viewer.start()
    yield
    viewer.sandbox("down")


@pytest.fixture(scope="session")
def beside(request) -> Iterator[Callable[[Callable[[], None]], Future[None]]]:
    """Does work for the second lab beside the tests, if one is to come that looks at it."""
    is_wanted = "test_x_interrupted.py" in {item.path.name for item in request.session.items}
    with ThreadPoolExecutor(1) as pool:
        yield lambda work: pool.submit(work if is_wanted else lambda: None)


@pytest.fixture(scope="session")
def second_lab_begun(account, beside) -> Future[None]:
    return beside(interrupted.begin)


@pytest.fixture(scope="session")
def deployment(account, second_lab_begun) -> Deployment:
    if not REUSE:
        viewer.build()
    wait([second_lab_begun])
    return Deployment(viewer.USER, viewer.create_user(viewer.USER))


@pytest.fixture(scope="session")
def second_lab(deployment, second_lab_begun, beside) -> Future[None]:
    """The building of another deployment, killed again and again.

    It takes more than ten minutes of one core. So it goes on beside what has no browser: half of it beside the building
    of the first deployment, half beside the tests from the first on that asks for this.
    """

    def finish() -> None:
        second_lab_begun.result()
        interrupted.finish()

    return beside(finish)


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
