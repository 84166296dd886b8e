"""The role READMEs are what the argument specs say."""

from __future__ import annotations

import subprocess
import sys


def test_readmes_are_up_to_date():
    done = subprocess.run(
        [sys.executable, "docs/role_readmes.py", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
