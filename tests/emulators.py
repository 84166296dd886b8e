"""An empty AWS account for tests: moto, and ministack as the sandbox runs it."""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import boto3
import botocore.session
import pytest

from sandbox.process import environment

ACCOUNT, REGION = "123456789012", "us-east-1"
MINISTACK_SERVICES = ("CLOUDFRONT", "COGNITO_IDENTITY_PROVIDER", "COGNITO_IDENTITY")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def post(url: str) -> None:
    urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=10).close()  # noqa: S310


def wait_for(url: str, process: subprocess.Popen, log: pathlib.Path, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=1).close()  # noqa: S310
            return
        time.sleep(0.1)
    raise RuntimeError(f"ministack did not answer at {url}: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def shared_models() -> Iterator[None]:
    """Parse AWS's service models once, not once per client: half of the time of these tests."""
    with mock.patch.object(botocore.session, "create_loader", environment.shared_loader):
        yield


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port, folder = free_port(), tmp_path_factory.mktemp("ministack")
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "MINISTACK_ACCOUNT_ID": ACCOUNT}
    folders = {"TMPDIR": str(folder), "PYTHONPATH": str(pathlib.Path(__file__).parents[1])}
    environment = {"PATH": os.environ["PATH"], "IOT_MTLS_ENABLED": "0", **folders, **settings}
    command, log = [sys.executable, "-m", "sandbox.api.ministack_server"], folder / "log"
    # Into a file: a pipe that nobody reads is full some day, and the server waits for ever.
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment, cwd=folder, stdout=output, stderr=output) as process,
    ):
        try:
            wait_for(f"http://127.0.0.1:{port}/_ministack/health", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    from moto.server import ThreadedMotoServer  # noqa: PLC0415  (slow to import; few tests need it)

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(ministack: str, moto: str, shared_models: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty account: CloudFront and Cognito by ministack, the rest by moto."""
    post(f"{ministack}/_ministack/reset")
    post(f"{moto}/moto-api/reset")
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}
    endpoints = {f"AWS_ENDPOINT_URL_{service}": ministack for service in MINISTACK_SERVICES}
    settings = {"AWS_DEFAULT_REGION": REGION, "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    for variable, value in {**keys, **endpoints, **settings, "AWS_ENDPOINT_URL": moto}.items():
        monkeypatch.setenv(variable, value)


@pytest.fixture
def client(aws: None) -> Callable[..., Any]:
    return boto3.Session().client
