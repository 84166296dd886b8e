"""Pack a file: `python pack.py SOURCE ARCHIVE`, readable by its owner alone. Says `changed` if it was not so before.

The same bytes always make the same archive: without a name and a time.
"""

from __future__ import annotations

import gzip
import os
import pathlib
import sys


def held(path: pathlib.Path) -> bytes | None:
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError):
        return None


def write(path: pathlib.Path, content: bytes) -> None:
    """Whole or not at all, and never readable by others."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(gzip.compress(content, mtime=0))
    fresh.replace(path)


def main(source: pathlib.Path, archive: pathlib.Path) -> None:
    content = source.read_bytes()
    if held(archive) != content or archive.stat().st_mode & 0o777 != 0o600:
        write(archive, content)
        print("changed")


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:]))
