"""Neuroglancer's package as npm has it, and the module of ours that stands before its fetch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
BUILD = ROOT / "roles/neuroglancer/files/build"
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
    """Only what fetchOk needs."""
    parts = ("package/package.json", "package/lib/util")
    subprocess.run(["tar", "-C", folder, "-xzf", archive(version), *parts], check=True)
