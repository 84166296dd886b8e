"""A life in an account that is refused for a moment what passes by itself: built, changed in each way, taken away.

Under the documented permissions. It needs a sandbox of its own, so it comes after all others, and at night only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from sandbox import settings
from sandbox.api import young_account
from sandbox.demo import reads, viewer
from tests.e2e.conftest import REUSE
from tests.e2e.playbook import recap, run

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(REUSE, reason="needs a sandbox of its own"),
]
OTHER_BUCKET = f"{settings.DATA_BUCKET}-2"
# What an administrator changes, one after the other; each stays.
CHANGES = {
    "bucket": {"data_bucket": OTHER_BUCKET},
    "instance type": {"web_instance_type": "m6a.large"},
    "list of people": {"allowed_emails": ["grace@elsewhere.example"]},
    "key": {"signing_keys": ["k2", "k1"]},
    "end of a key": {"signing_keys": ["k2"]},
    "certificate": {"site_domain": f"viewer.{settings.DOMAIN}"},
}


@pytest.fixture(scope="module", autouse=True)
def young() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(young_account.VARIABLE, "1")
        viewer.start()
        s3 = settings.client("s3")
        reads.upload(s3, settings.READS_BUCKET)
        s3.create_bucket(Bucket=OTHER_BUCKET, ObjectOwnership="BucketOwnerEnforced")
        blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        s3.put_public_access_block(Bucket=OTHER_BUCKET, PublicAccessBlockConfiguration=dict.fromkeys(blocked, True))
        yield
        viewer.sandbox("down")


def variables(change: str) -> list[str]:
    """What the inventory says after a change and all before it."""
    made = [*CHANGES][: [*CHANGES].index(change) + 1]
    return ["-e", json.dumps({name: value for each in made for name, value in CHANGES[each].items()})]


def confirmed(project: str) -> list[str]:
    return ["-e", f"confirm={project}", "-e", f"confirm_users={project}"]


def is_unchanged(*arguments: str) -> bool:
    hosts = recap(run([*arguments]))
    return {(host["changed"], host["failed"], host["unreachable"]) for host in hosts.values()} == {(0, 0, 0)}


def refused() -> set[tuple[str, str]]:
    """The operations that were refused for a moment so far."""
    entries = [json.loads(line) for line in settings.REQUEST_LOG.read_text().splitlines()]
    failed = {(entry["service"], entry["action"]) for entry in entries if entry["status"] >= 400}
    return failed & young_account.PASSING.keys()


@pytest.mark.parametrize("playbook", ["site", "igv/site"])
def test_a_first_run_comes_to_its_end(playbook):
    run([f"playbooks/{playbook}.yml"])
    assert is_unchanged(f"playbooks/{playbook}.yml")


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_comes_to_its_end(change):
    given = variables(change)
    run([*given, "playbooks/site.yml"])
    assert is_unchanged(*given, "playbooks/site.yml")


def test_the_old_bucket_has_no_statement_of_ours():
    with pytest.raises(settings.client("s3").exceptions.ClientError, match="NoSuchBucketPolicy"):
        settings.client("s3").get_bucket_policy(Bucket=settings.DATA_BUCKET)


def test_teardown_comes_to_its_end():
    run(["playbooks/igv/teardown.yml", *confirmed(settings.IGV_PROJECT)])
    run([*variables([*CHANGES][-1]), "playbooks/teardown.yml", *confirmed(settings.PROJECT)])


def test_each_refusal_was_met():
    assert young_account.PASSING.keys() - refused() == set()
