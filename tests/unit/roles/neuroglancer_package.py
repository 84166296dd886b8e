"""Neuroglancer's package as npm has it, and the program that patches it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "roles/neuroglancer/files/build/patch_credentials.py"
CACHE = ROOT / ".cache/npm"
TOOLS = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def archive(version: str) -> Path:
    path = CACHE / f"neuroglancer-{version}.tgz"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "pack", "--silent", f"neuroglancer@{version}"],
            cwd=CACHE,
            env=TOOLS,
            check=True,
            capture_output=True,
        )
    return path


def unpack(version: str, folder: Path) -> None:
    """Only what the module needs."""
    parts = ("package/package.json", "package/lib/util")
    subprocess.run(["tar", "-C", folder, "-xzf", archive(version), *parts], check=True)


def patch(target: Path, **how: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), str(target)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **how)
