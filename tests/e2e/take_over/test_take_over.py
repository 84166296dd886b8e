"""A deployment that an earlier release built is taken over: nothing is replaced, nobody is locked out.

It needs a sandbox of its own, so it comes after all others, and at night only.
"""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
from collections.abc import Iterator

import httpx
import pytest

from sandbox import settings
from sandbox.compute import hosts, viewer_bundle
from sandbox.compute.viewer_bundle import PUBLISHED
from sandbox.demo import browser, igv, igv_client, reads, viewer
from tests.e2e import desktop, earlier_release, inside, resources, visitor
from tests.e2e.conftest import REUSE
from tests.e2e.playbook import recap, run_with
from tests.e2e.reader import OBJECT, RATE, reading

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(REUSE, reason="needs a sandbox of its own"),
]
LEAST_SECONDS = 20


@dataclasses.dataclass(frozen=True)
class Before:
    """What the earlier release left, and who is using it."""

    inventory: pathlib.Path
    files: dict[pathlib.Path, bytes]
    ids: resources.Ids
    password: str
    person: httpx.Client
    igv: igv_client.Configuration
    igv_password: str


def files(folder: pathlib.Path) -> dict[pathlib.Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> pathlib.Path:
    return earlier_release.unpack(tmp_path_factory.mktemp("earlier"))


@pytest.fixture(scope="module")
def before(release, tmp_path_factory) -> Iterator[Before]:
    viewer.start()
    reads.upload(settings.client("s3"), settings.READS_BUCKET)
    collections, folder = release.parents[2], tmp_path_factory.mktemp("lab")
    inventory = earlier_release.write_inventory(folder, release)
    for playbook in ("site", "igv"):
        earlier_release.run(collections, inventory, playbook)
    passwords = viewer.create_user(viewer.USER), viewer.create_user(desktop.PERSON, settings.IGV_PROJECT)
    person = visitor.signed_in(viewer.USER, passwords[0])
    ids, configuration = resources.everything(), igv_client.read(igv.CONFIGURATION)
    yield Before(inventory, files(inventory), ids, passwords[0], person, configuration, passwords[1])
    viewer.sandbox("down")


@pytest.fixture(scope="module")
def taken_over(before) -> list[int]:
    """A run of this release while a person reads; how each request of theirs was answered."""
    with reading(before.person) as reader:
        for playbook in ("site", "igv"):
            run_with(before.inventory, [f"playbooks/{playbook}.yml"])
        assert reader.is_alive()
    assert len(reader.statuses) > RATE * LEAST_SECONDS
    return reader.statuses


def test_the_release_that_built_it_was_another_one(before, release):
    here = (viewer.ROOT / "playbooks" / "site.yml").read_bytes()
    assert (release / "playbooks" / "site.yml").read_bytes() != here
    assert len(before.ids["describe_instances"]) == 1


def test_nothing_is_replaced(before, taken_over):
    after = resources.everything()
    assert {what: after[what] for what in before.ids} == before.ids


def test_no_request_was_refused_meanwhile(taken_over):
    assert [status for status in taken_over if status not in (204, 206)] == []


def test_who_was_signed_in_still_is(before, taken_over):
    assert before.person.get(f"{viewer.SITE}/session").status_code == 204
    assert before.person.get(OBJECT, headers={"Range": "bytes=0-9"}).status_code == 206


def test_the_password_is_as_before(before, taken_over):
    with contextlib.closing(visitor.signed_in(viewer.USER, before.password)) as person:
        assert person.get(OBJECT, headers={"Range": "bytes=0-9"}).status_code == 206


def test_igv_reads_with_the_configuration_of_before(before, taken_over):
    assert igv_client.read(igv.CONFIGURATION) == before.igv
    tokens = desktop.sign_in(before.igv, before.igv_password)
    s3 = igv_client.storage(before.igv, igv_client.credentials(before.igv, tokens["id_token"]))
    assert igv_client.reads(s3, desktop.BUCKET, desktop.BAM, desktop.LOCUS)


def test_the_viewer_of_then_is_still_there_to_go_back_to(before, taken_over):
    """It has the settings of its time in itself."""
    (host,) = before.ids["describe_instances"]
    (release,) = {*hosts.execute(host, "ls", f"{PUBLISHED}/releases").split()} - {viewer_bundle.release(host)}
    run_with(before.inventory, ["-e", f"neuroglancer_release={release}", "playbooks/host.yml"])
    assert viewer_bundle.release(host) == release
    with browser.chromium(settings.CA_FILE) as context:
        page = context.new_page()
        page.goto(viewer.SITE)
        browser.wait_for_login(page)
        browser.sign_in(page, viewer.USER, before.password)
        page.wait_for_function("() => window.viewer !== undefined", timeout=60_000)
    run_with(before.inventory, ["playbooks/host.yml"])
    assert viewer_bundle.release(host) != release


def test_the_inventory_is_as_it_was_and_a_second_run_changes_nothing(before, taken_over):
    assert files(before.inventory) == before.files
    for playbook in ("site", "igv"):
        hosts = recap(run_with(before.inventory, [f"playbooks/{playbook}.yml"]))
        assert {(host["changed"], host["failed"], host["unreachable"]) for host in hosts.values()} == {(0, 0, 0)}, hosts
    assert inside.instances() == before.ids["describe_instances"]
