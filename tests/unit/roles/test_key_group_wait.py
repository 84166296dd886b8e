"""How long role private_cdn waits until a key counts everywhere: from the change on, whichever run made it."""

from __future__ import annotations

import pathlib
import time
from datetime import datetime, timedelta, timezone

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

VARIABLES = pathlib.Path(__file__).parents[3] / "roles" / "private_cdn" / "vars" / "main.yml"
SOMEWHERE = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("ago", "left"),
    [(0, 60), (20, 40), (59.5, 1), (60, 0), (86400, 0), (-120, 60)],
    ids=["just now", "a moment ago", "nearly", "long enough", "yesterday", "by a clock that is ahead"],
)
def test_what_is_left_of_the_time(ago, left):
    changed = datetime.fromtimestamp(time.time() - ago, SOMEWHERE)
    group = {"key_group": {"last_modified_time": changed.isoformat()}}
    given = {"private_cdn_key_group_seconds": "60", "__private_cdn_key_group": group}
    templar = Templar(DataLoader(), {**DataLoader().load_from_file(str(VARIABLES), trusted_as_template=True), **given})
    told = templar.template(trust_as_template("{{ __private_cdn_key_group_wait }}"))
    assert left - 2 < int(told) <= left + (0 < left < 60)
