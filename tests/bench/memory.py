"""The most memory that processes below a directory had at one moment."""

from __future__ import annotations

import contextlib
import pathlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

# Proportional: what two processes share counts once.
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


@dataclass
class Peak:
    kilobytes: int = 0


def _now(directory: str) -> int:
    """What the processes that work there have now. A container's processes are this machine's, too."""
    total = 0
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink().is_relative_to(directory):
                found = _PSS.search((process / "smaps_rollup").read_text())
                total += int(found[1]) if found else 0
    return total


@contextlib.contextmanager
def watch(directory: str, every: float = 0.2) -> Iterator[Peak]:
    """Look again and again while the block runs."""
    peak, done = Peak(), threading.Event()

    def look() -> None:
        while not done.wait(every):
            peak.kilobytes = max(peak.kilobytes, _now(directory))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()
