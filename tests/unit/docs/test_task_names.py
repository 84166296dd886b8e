# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of plays, tasks and handlers: a verb and AWS's or systemd's noun, each understood alone in a log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FILES = [path for folder in ("roles", "playbooks", "molecule") for path in sorted((ROOT / folder).rglob("*.yml"))]
VERBS = re.compile(
    "(Add|Allow|Assert|Build|Check|Clear|Configure|Create|Delete|Derive|Disable|Enable|Get|Import|Install|Launch|List|Load|"
    "Manage|Print|Publish|Reboot|Reload|Remove|Report|Request|Require|Restart|Run|Schedule|Set|Start|Stop|Terminate|Update|"
    "Validate|Verify|Wait for) "
)
STOP = re.compile(
    r"\b(it|that|those|these|there|them|they|keep|kept|look|tell|told|say|said|let|have|"
    r"foretell|foretold|place|thing|who|whoever|whom|what|somebody|nobody|anew)\b",
    re.IGNORECASE,
)


def named(node: Any) -> Iterator[str]:
    """The names of plays, tasks and handlers, and of none of their arguments."""
    for entry in node if isinstance(node, list) else []:
        if isinstance(entry, dict):
            yield from [entry["name"]] if "name" in entry else []
            for inner in ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always"):
                yield from named(entry.get(inner))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_name_says_what_a_task_does_to_what(path):
    names = [re.sub(r"^\w+ \| ", "", name) for name in named(yaml.safe_load(path.read_text()))]
    assert [name for name in names if STOP.search(name) or not VERBS.match(name)] == []
