"""The signing key is changed twice, by labels, under somebody who reads data all the while: no request is refused.

First k0 signs and k1, which all other tests use, stays trusted; then k1 signs again; k0 goes when no cookie of it is in
use any more. A lab waits for that as long as a cookie lives; here it is seen.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from sandbox import settings
from sandbox.demo import viewer
from tests.e2e import visitor
from tests.e2e.reader import RENEWAL_SECONDS, Reader, reading
from tests.e2e.waiting import wait_until

PATIENCE_SECONDS = 4 * RENEWAL_SECONDS  # after which cookies of the new key are in use
# The shortest life that the role takes, with runs of the job a minute apart.
LIFE, LEAST_SECONDS, LEAST_REQUESTS = 121, 60, 500
QUICK = {"signed_cookies_lifetime": LIFE, "signed_cookies_interval": 1, "private_cdn_key_group_seconds": 2}
PLAYBOOKS = viewer.ROOT / "playbooks"


def stage(name: str, *kept: str) -> list[dict[str, Any]]:
    """The plays of a stage, with those tasks only."""
    plays = yaml.safe_load((PLAYBOOKS / f"{name}.yml").read_text())[-1:]
    for play in plays:
        play["vars_files"] = [str(PLAYBOOKS / file) for file in play["vars_files"]]
        (block,) = [task for task in play["tasks"] if "block" in task]
        play["tasks"] = [task for task in block["block"] if task["name"] in kept]
        assert len(play["tasks"]) == len(kept)
    return plays


def rotation() -> list[dict[str, Any]]:
    """What of site.yml has to do with the signing key: the stage edge, the instance's rights, the cookie job."""
    (rights,) = stage("compute", "Create the instance")
    rights["tasks"][0]["ansible.builtin.import_role"]["tasks_from"] = "role"
    rights["tasks"].append({"ansible.builtin.include_tasks": str(PLAYBOOKS / "tasks" / "find_host.yml")})
    return [
        {"import_playbook": str(PLAYBOOKS / "edge.yml")},
        rights,
        *stage("host", "Install the signed cookies timer"),
    ]


@pytest.fixture(scope="module")
def rotate(deployment, tmp_path_factory) -> Iterator[Any]:
    playbook = tmp_path_factory.mktemp("rotation") / "rotation.yml"
    playbook.write_text(json.dumps(rotation()))
    done_with = [["k1"]]

    def run(labels: list[str], **more: Any) -> None:
        done_with.append(labels)
        given = json.dumps({"signing_keys": labels, **more})
        command = ["ansible-playbook", "-i", "inventories/sandbox", "-e", given, str(playbook)]
        done = subprocess.run(command, cwd=viewer.ROOT, capture_output=True, text=True, env=os.environ, check=False)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

    yield run
    if done_with[-1] != ["k1"]:
        run(["k1"])


@pytest.fixture
def reader(deployment) -> Iterator[Reader]:
    with reading(visitor.signed_in(deployment.user, deployment.password)) as found:
        yield found


def keys_of_ours() -> dict[str, str]:
    """Labels of the public keys that CloudFront has, each with its id."""
    listed = settings.client("cloudfront").list_public_keys()["PublicKeyList"]["Items"]
    ours = [key for key in listed if key["Name"].startswith(f"{settings.PROJECT}-")]
    return {key["Comment"].rpartition(" ")[2]: key["Id"] for key in ours}


@pytest.mark.nightly
def test_no_request_is_refused_while_the_key_changes(rotate, reader):
    before, start = keys_of_ours(), time.monotonic()
    assert set(before) == {"k1"}
    rotate(["k0", "k1"], **QUICK)
    both = keys_of_ours()
    assert (set(both), both["k1"]) == ({"k0", "k1"}, before["k1"])
    wait_until(lambda: reader.keys[-1], both["k0"], seconds=PATIENCE_SECONDS)
    rotate(["k1", "k0"], **QUICK)
    wait_until(lambda: reader.keys[-1], both["k1"], seconds=PATIENCE_SECONDS)
    rotate(["k1"])
    assert keys_of_ours() == before, "the key that no label names is gone from CloudFront"
    time.sleep(2 * RENEWAL_SECONDS)
    assert reader.is_alive()
    assert reader.refused() == []
    seconds = time.monotonic() - start
    assert seconds > LEAST_SECONDS
    assert len(reader.statuses) > LEAST_REQUESTS
    assert set(reader.keys) == set(both.values()), "both have signed"
