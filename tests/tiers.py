#!/usr/bin/env python3
"""`make check`, `make test`, `make nightly`: the parts of each tier, run, and at the end what took how long.

    python3 tests/tiers.py test

It starts before there is a .venv, so it needs nothing but Python. What a part prints is in .cache/tiers/<part>.log too;
all figures of the last run are in .cache/timings.json.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS, TIMINGS = ROOT / ".cache" / "tiers", ROOT / ".cache" / "timings.json"
# What a part that is made of several says of each.
STEP = re.compile(r"^(\w+: .+) (?:passed|failed) after (\d+) s$", re.MULTILINE)
NIGHT = "MARKS="
# Parts that stand in one line run side by side.
TIERS = {
    "check": [["setup"], ["lint-style", "unit-fast"]],
    "test": [["setup-all"], ["lint-style", "lint-sanity"], ["unit"], ["unit-sandbox"], ["molecule"], ["e2e"]],
    "nightly": [
        ["setup-all"],
        ["lint-style", "lint-sanity"],
        ["sanity-newest"],
        [f"unit {NIGHT}"],
        ["unit-sandbox"],
        ["molecule-all"],
        [f"e2e {NIGHT}"],
    ],
}
LONGEST = 3


def run(part: str, aloud: bool) -> float | None:
    """The seconds that a part takes, or None if it fails."""
    name = part.split(maxsplit=1)[0]
    start, log = time.monotonic(), LOGS / f"{name}.log"
    environment = {**os.environ, "PYTEST_ADDOPTS": f"--junitxml={LOGS / name}.xml"}
    command = ["make", "--no-print-directory", *part.split()]
    with (
        log.open("w") as kept,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        for line in process.stdout or ():
            kept.write(line)
            if aloud:
                print(line, end="", flush=True)
    return time.monotonic() - start if process.returncode == 0 else None


def side_by_side(parts: list[str]) -> dict[str, float | None]:
    """Several parts at once: each is shown when all have ended."""
    with ThreadPoolExecutor(len(parts)) as pool:
        seconds = dict(zip(parts, pool.map(run, parts, [len(parts) == 1] * len(parts)), strict=True))
    for part in parts if len(parts) > 1 else ():
        print((LOGS / f"{part.partition(' ')[0]}.log").read_text(), end="", flush=True)
    return seconds


def steps(name: str) -> Iterator[tuple[float, str]]:
    """What of a part is known in seconds: its tests, or what it says of its steps."""
    result, log = LOGS / f"{name}.xml", LOGS / f"{name}.log"
    if result.exists():
        for case in ElementTree.parse(result).iter("testcase"):  # noqa: S314  (pytest has written it just now)
            yield float(case.get("time", 0)), f"{case.get('classname')}::{case.get('name')}"
    for step, seconds in STEP.findall(log.read_text()):
        yield float(seconds), step


def told(tier: str, seconds: dict[str, float], begun: float) -> Iterator[str]:
    """The figures for people, slowest first."""
    minutes, rest = divmod(time.monotonic() - begun, 60)
    yield f"make {tier}: {minutes:.0f} min {rest:.0f} s; all figures: {TIMINGS.relative_to(ROOT)}"
    slowest = sorted(seconds, key=seconds.__getitem__, reverse=True)
    for part in slowest:
        yield f"{seconds[part]:8.0f} s  {part}"
    for part in slowest[:LONGEST]:
        yield f"Longest in {part}:"
        for time_taken, step in sorted(steps(part), reverse=True)[:LONGEST]:
            yield f"{time_taken:8.0f} s  {step}"


def written(tier: str, seconds: dict[str, float]) -> None:
    parts = {part: {"seconds": taken, "steps": sorted(steps(part), reverse=True)} for part, taken in seconds.items()}
    TIMINGS.write_text(json.dumps({"tier": tier, "parts": parts}, indent=1))


def main(tier: str) -> Iterable[str]:
    LOGS.mkdir(parents=True, exist_ok=True)
    for old in LOGS.iterdir():
        old.unlink()
    begun, seconds, failed = time.monotonic(), {}, []
    for parts in TIERS[tier]:
        ended = side_by_side(parts)
        failed = [part for part in parts if ended[part] is None]
        seconds |= {part.partition(" ")[0]: taken for part, taken in ended.items() if taken is not None}
        if failed:
            break
    written(tier, seconds)
    print("\n" + "\n".join(told(tier, seconds, begun)))
    return failed


if __name__ == "__main__":
    if failed_parts := main(sys.argv[1]):
        sys.exit(f"make {sys.argv[1]}: failed: {', '.join(failed_parts)}")
