"""Brings pip into ansible-test's environments, in place of a get-pip.py from a server of its own."""

from __future__ import annotations

import pathlib
import subprocess
import sys

pathlib.Path(sys.prefix, "pip.conf").write_text("[global]\nquiet = 1\n", encoding="utf-8")
subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
