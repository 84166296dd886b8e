"""Waiting for what comes by itself, in what time nobody promises."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 60  # the sandbox is slower while another deployment is built


def wait_until(found: Callable[[], Any], wanted: Any, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something is found as it should be; fails with what was found last."""
    end = time.monotonic() + seconds
    while (last := found()) != wanted:
        assert time.monotonic() < end, f"{last!r}, not {wanted!r}"
        time.sleep(0.5)
