"""Marks: two suites that are counted and told in a line of their own at the end, and what runs at night only."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

COUNTED = {
    "hostile": ("refused", "asks for what must not be given, by a way that reaches what we ship"),
    "conformance": ("conformance", "what the sandbox's edge does as AWS documents it (packages/aws_edge/README.md)"),
}


def pytest_configure(config: pytest.Config) -> None:
    for mark, (_word, meaning) in COUNTED.items():
        config.addinivalue_line("markers", f"{mark}: {meaning}")
    config.addinivalue_line(
        "markers", "nightly: left out of `make test` (CONTRIBUTING.md says why), run by `make nightly`"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for mark, (word, _meaning) in COUNTED.items():
        passed, others = (set(names(terminalreporter, mark, *kinds)) for kinds in (["passed"], ["failed", "error"]))
        if total := len(passed | others):
            terminalreporter.write_line(f"{word} {len(passed - others)} of {total}", bold=True)
    if left_out := [item for item in terminalreporter.stats.get("deselected", ()) if "nightly" in item.keywords]:
        terminalreporter.write_line(f"nightly {len(left_out)} left out", bold=True)


def names(reporter: pytest.TerminalReporter, mark: str, *kinds: str) -> Iterator[str]:
    """The tests with a mark that ended so."""
    for kind in kinds:
        yield from (report.nodeid for report in reporter.stats.get(kind, ()) if mark in getattr(report, "keywords", ()))
