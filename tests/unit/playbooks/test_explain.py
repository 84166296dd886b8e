"""The end of a run that failed: what was said, what it usually means, what to do."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
import yaml

PLAYBOOKS = pathlib.Path(__file__).parents[3] / "playbooks"
FAILURES = yaml.safe_load((PLAYBOOKS / "vars" / "failures.yml").read_text())["failures"]


@pytest.mark.parametrize(("index", "said"), [(i, said) for i, each in enumerate(FAILURES) for said in each["says"]])
def test_each_message_finds_its_own_meaning_first(index: int, said: str) -> None:
    message = f"An error occurred ({said}) when calling the operation: {said}"
    assert next(i for i, each in enumerate(FAILURES) if re.search(each["pattern"], message)) == index


def end_of(tmp_path: pathlib.Path, task: dict) -> str:
    """What a play says whose task failed, white space made plain."""
    rescue = [{"ansible.builtin.include_tasks": str(PLAYBOOKS / "tasks" / "explain.yml")}]
    block = {"block": [{"name": "network | Keep it", **task}], "rescue": rescue}
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [block]}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    command = [pathlib.Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", tmp_path / "play.yml"]
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    return " ".join((done.stdout + done.stderr).replace("\\n", " ").split())


def fail(message: str, **more: object) -> dict:
    return {"ansible.builtin.fail": {"msg": message}, **more}


def test_what_is_known_is_explained(tmp_path: pathlib.Path) -> None:
    end = end_of(tmp_path, fail("An error occurred (VcpuLimitExceeded) when calling RunInstances: ..."))
    assert "Stopped at: network | Keep it It said: An error occurred (VcpuLimitExceeded) when calling" in end
    assert "It usually means: The account may not run more processors" in end
    assert "What to do: Ask for more in Service Quotas" in end
    assert "run the same command again, it goes on from here" in end


def test_of_a_loop_the_failed_items_are_told(tmp_path: pathlib.Path) -> None:
    items = fail("{{ item }}", loop=["good", "CAA_ERROR of one", "bad"], failed_when="item != 'good'")
    end = end_of(tmp_path, items)
    assert "It said: CAA_ERROR of one; bad It usually means: A CAA record" in end


def test_what_is_not_known_is_told_as_it_is(tmp_path: pathlib.Path) -> None:
    end = end_of(tmp_path, fail("certificate_domain is odd"))
    assert "It said: certificate_domain is odd Nothing is lost" in end


def test_what_is_secret_stays_so(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "opensesame")  # not in the play itself, of which Ansible shows the lines
    # Of the failure itself ansible-core 2.19 shows the message in spite of no_log; here it is about what follows.
    end = end_of(tmp_path, fail("AccessDenied for {{ lookup('ansible.builtin.env', 'SECRET') }}", no_log=True))
    assert "opensesame" not in end.partition("TASK [Report the failure and its usual cause]")[2]
    assert "It usually means: The credentials lack the IAM permission" in end
