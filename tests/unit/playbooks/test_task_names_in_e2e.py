"""Tasks at which the end-to-end tests kill a run, or begin to read, are named there as in the playbooks and roles."""

from __future__ import annotations

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[3]
NAMED = re.compile(r"""\b(?:kill_at|read_up_to)\(\s*"([^"]+)"|^TASK = "([^"]+)"$""", re.MULTILINE)
TASK = re.compile(r"^ *- name: (.+)$", re.MULTILINE)


def test_there_is_a_task_of_each_name():
    sources = [path.read_text() for path in (ROOT / "tests/e2e").rglob("*.py")]
    wanted = {one or other for source in sources for one, other in NAMED.findall(source)}
    files = [*(ROOT / "playbooks").rglob("*.yml"), *(ROOT / "roles").glob("*/tasks/*.yml")]
    there = [name for file in files for name in TASK.findall(file.read_text())]
    assert len(wanted) > 6
    without_role = {name: name.rpartition(" : ")[2] for name in wanted}
    assert [name for name, task in without_role.items() if not any(task in each for each in there)] == []
