"""The playbook: run again it changes nothing, and it works from the built artifact."""

from __future__ import annotations

import os
import pathlib
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from sandbox import settings
from sandbox.demo import viewer
from sandbox.iam import playbook_roles
from tests.e2e import inside
from tests.e2e.playbook import recap, run


@pytest.fixture(scope="module")
def foretold(deployment) -> Iterator[Future[str]]:
    """What a dry run says of the finished deployment. It writes nothing, so the second run is tested beside it."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(run, ["playbooks/site.yml", "--check", "--diff"])


@pytest.fixture(scope="module")
def artifact(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("artifact")
    command = ["ansible-galaxy", "collection", "build", "--output-path", str(folder)]
    subprocess.run(command, cwd=viewer.ROOT, check=True, capture_output=True)
    return next(folder.glob("bioviewers-aws-*.tar.gz"))


# It has less rights than the first: who only operates can bring the host up to date.
def test_a_second_run_from_the_installed_artifact_changes_nothing(deployment, foretold, artifact, tmp_path):
    command = ["ansible-galaxy", "collection", "install", str(artifact), "-p", str(tmp_path), "--no-deps"]
    # Nor is the checkout taken for what is installed already.
    place = {"ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}
    subprocess.run(command, env={**os.environ, **place}, check=True, capture_output=True)
    hosts = recap(run(["bioviewers.aws.site"], **place, **{playbook_roles.VARIABLE: "operate"}))
    assert len(hosts) == 2, "localhost and the instance"
    assert {(host["changed"], host["failed"], host["unreachable"]) for host in hosts.values()} == {(0, 0, 0)}, hosts


def test_check_mode_on_a_finished_deployment_reports_nothing(foretold):
    hosts = recap(foretold.result())
    assert {(host["changed"], host["failed"]) for host in hosts.values()} == {(0, 0)}, hosts


# What an administrator runs in the year that follows.
@pytest.mark.nightly
def test_the_host_alone_is_run_again(deployment):
    hosts = recap(run(["playbooks/host.yml"]))
    assert len(hosts) == 2, "localhost, which finds the instance, and the instance"
    assert {(host["changed"], host["failed"], host["unreachable"]) for host in hosts.values()} == {(0, 0, 0)}, hosts


def test_the_host_is_updated(deployment):
    said = run(["playbooks/update.yml"])
    assert "Reboot: not needed." in said
    hosts = recap(said)
    assert len(hosts) == 2, "localhost, which finds the instance, and the instance"
    assert {(host["failed"], host["unreachable"]) for host in hosts.values()} == {(0, 0)}, hosts


@pytest.fixture(scope="module")
def line_of_the_key(deployment) -> str:
    """A line from the middle of the private key that signs the cookies, which only Parameter Store may hold."""
    name = f"/{settings.PROJECT}/cookie-signing-keys/k1"
    pem = settings.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    return pem.splitlines()[10]


def test_the_private_key_is_in_no_file_of_the_host(line_of_the_key):
    folders = ["/etc", "/home", "/opt", "/root", "/run", "/srv", "/usr/local", "/var"]
    folders.append("/tmp")  # noqa: S108  (looked into, not written to)
    searches = (inside.files_with("CloudFront-Signature", "/etc/nginx"), inside.files_with(line_of_the_key, *folders))
    cookies, key = (inside.on_the_host(*search, check=False).split() for search in searches)
    assert "/etc/nginx/bioviewers/cookies.conf" in cookies, "the search finds what is there"
    assert key == []


def test_the_private_key_is_in_no_file_of_the_controller(line_of_the_key):
    folders = [str(pathlib.Path.home() / ".ansible"), str(settings.STATE_DIR), str(viewer.ROOT / "inventories")]
    command = inside.files_with(line_of_the_key, *[folder for folder in folders if pathlib.Path(folder).exists()])
    assert subprocess.run(command, capture_output=True, text=True, check=False).stdout == ""


def test_nothing_stays_in_the_staging_bucket(deployment):
    name = f"{settings.PROJECT}-ssm-{settings.ACCOUNT}-{settings.REGION}"
    assert settings.client("s3").list_objects_v2(Bucket=name)["KeyCount"] == 0
