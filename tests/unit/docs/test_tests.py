"""What tests share is in files that are no tests, so that each test file can be run, moved and read alone."""

from __future__ import annotations

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[3]
FOLDERS = ("tests", "packages", "molecule")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
IMPORT = re.compile(r"^(?:from|import) .*\btest_\w+", re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_imports_a_test(path):
    assert IMPORT.findall(path.read_text()) == []
