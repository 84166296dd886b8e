"""`make check`, `make test`, `make nightly`: the parts of each tier, run, and at the end what took how long.

    python3 tests/tiers.py test

It starts before there is a .venv, so it needs nothing but Python. What a part prints is in .cache/tiers/<part>.log too;
all figures of the last run are in .cache/timings.json.
"""

from __future__ import annotations

import fcntl
import json
import os
import pathlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS, TIMINGS = ROOT / ".cache" / "tiers", ROOT / ".cache" / "timings.json"
# Held by what goes on beside the end-to-end tests: those that want the machine for themselves wait for it.
BUSY = ROOT / ".cache" / "busy"
# What a part that is made of several says of each.
STEP = re.compile(r"^(\w+: .+) (?:passed|failed) after (\d+) s$", re.MULTILINE)
# Steps one after the other; of a step, lanes side by side; of a lane, targets of the Makefile one after the other.
TIERS = {
    "check": [[["setup"]], [["lint-style"], ["unit-fast"]]],
    "test": [
        [["setup-all"]],
        [["lint-sanity"], ["lint-style"]],
        [["unit", "unit-sandbox-if-changed"]],
        [["molecule"], ["e2e"]],
    ],
    "nightly": [
        [["setup-all"]],
        [["lint-sanity"], ["lint-style"]],
        [["sanity-newest", "unit", "unit-sandbox", "molecule-all", "e2e-all"]],
    ],
}
LONGEST = 3
Seconds = dict[str, float]


class PartError(Exception):
    """A part that failed."""


def log_of(part: str) -> pathlib.Path:
    return LOGS / f"{part}.log"


def run(part: str, aloud: bool) -> None:
    """Run a part; show it meanwhile, or when it has ended."""
    figures = (
        {} if part.startswith("molecule") else {"PYTEST_ADDOPTS": f"--junitxml={log_of(part).with_suffix('.xml')}"}
    )
    command = ["make", "--no-print-directory", part]
    # Beside another lane each part has one core.
    cores = {} if aloud else {"MOLECULE_JOBS": "1"}
    place = {"cwd": ROOT, "env": {**os.environ, **figures, **cores}, "text": True}
    with (
        log_of(part).open("w", buffering=1) as log,
        subprocess.Popen(command, **place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process,
    ):
        for line in process.stdout:
            log.write(line)
            if aloud:
                print(line, end="", flush=True)
    if not aloud:
        print(log_of(part).read_text(), end="", flush=True)
    if process.returncode:
        raise PartError(part)


def run_lane(parts: list[str], aloud: bool, seconds: Seconds) -> None:
    """Run one part after the other, up to one that fails; enters what each takes."""
    with BUSY.open("w") as busy:
        if not aloud:
            fcntl.flock(busy, fcntl.LOCK_SH)
        for part in parts:
            start = time.monotonic()
            try:
                run(part, aloud)
            finally:
                seconds[part] = time.monotonic() - start


def run_step(lanes: list[list[str]], seconds: Seconds) -> None:
    """Run lanes side by side; the last one is shown as it goes."""
    with ThreadPoolExecutor(len(lanes)) as pool:
        running = [pool.submit(run_lane, lane, lane is lanes[-1], seconds) for lane in lanes]
    for lane in running:
        lane.result()


def steps(part: str) -> list[tuple[float, str]]:
    """What of a part is known in seconds, slowest first: its tests, or what it says of its steps."""
    figures = log_of(part).with_suffix(".xml")
    cases = ElementTree.parse(figures).iter("testcase") if figures.exists() else ()  # noqa: S314  (pytest's own)
    tests = [(float(case.get("time", 0)), f"{case.get('classname')}::{case.get('name')}") for case in cases]
    said = [(float(taken), step) for step, taken in STEP.findall(log_of(part).read_text())]
    return sorted(tests + said, reverse=True)


def told(tier: str, seconds: Seconds, begun: float) -> Iterator[str]:
    """The figures for people, slowest first."""
    minutes, rest = divmod(time.monotonic() - begun, 60)
    yield f"\nmake {tier}: {minutes:.0f} min {rest:.0f} s; all figures: {TIMINGS.relative_to(ROOT)}"
    slowest = sorted(seconds, key=seconds.__getitem__, reverse=True)
    yield from (f"{seconds[part]:8.0f} s  {part}" for part in slowest)
    for part in slowest[:LONGEST]:
        if found := steps(part):
            yield f"The longest of {part}:"
            yield from (f"{taken:8.0f} s  {step}" for taken, step in found[:LONGEST])


def run_tier(tier: str) -> None:
    """Run all steps, up to one that fails, and say what took how long."""
    LOGS.mkdir(parents=True, exist_ok=True)
    for old in LOGS.iterdir():
        old.unlink()
    begun, seconds = time.monotonic(), {}
    try:
        for lanes in TIERS[tier]:
            run_step(lanes, seconds)
    finally:
        parts = {part: {"seconds": taken, "steps": steps(part)} for part, taken in seconds.items()}
        TIMINGS.write_text(json.dumps({"tier": tier, "parts": parts}, indent=1))
        print("\n".join(told(tier, seconds, begun)), flush=True)


if __name__ == "__main__":
    try:
        run_tier(sys.argv[1])
    except PartError as failed:
        sys.exit(f"make {sys.argv[1]}: failed at `make {failed}`")
