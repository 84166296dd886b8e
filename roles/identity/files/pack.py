"""Pack files: `python pack.py ARCHIVE SOURCE...`. The same bytes always make the same archive, on any machine."""

from __future__ import annotations

import pathlib
import sys
import zipfile

if __name__ == "__main__":
    archive, *sources = map(pathlib.Path, sys.argv[1:])
    with zipfile.ZipFile(archive, "w") as packed:
        for source in sources:
            # The earliest time that a zip can hold; not compressed, as zlib's output differs between its versions.
            entry = zipfile.ZipInfo(source.name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, source.read_bytes())
