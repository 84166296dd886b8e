"""An earlier release of the collection, run as it was then, in the sandbox of today."""

from __future__ import annotations

import pathlib
import subprocess
import tarfile

from sandbox.demo import viewer
from tests.e2e.playbook import run_with

COMMIT = "1d2842fa416239badbd72e368846e99e3f3933ec"
# What it builds on and this release does not; `make e2e-all` has it unpacked.
OTHERS = viewer.ROOT / ".cache" / "earlier"


def unpack(folder: pathlib.Path) -> pathlib.Path:
    """The release out of the repository's history, as a collection below a folder; where it lies."""
    archive, release = folder / "release.tar", folder / "ansible_collections" / "bioviewers" / "aws"
    command = ["git", "archive", f"--output={archive}", COMMIT]
    done = subprocess.run(command, cwd=viewer.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        f"The history of this clone does not have release {COMMIT[:7]}, which is to be taken over:"
        f" get it with `git fetch --unshallow`. ({done.stderr.strip()})"
    )
    assert OTHERS.exists(), (
        "What the earlier release builds on is not there: run `sandbox/setup earlier`, as `make nightly` does."
    )
    release.mkdir(parents=True)
    with tarfile.open(archive) as packed:
        packed.extractall(release, filter="data")
    return release


def write_inventory(folder: pathlib.Path, release: pathlib.Path) -> pathlib.Path:
    """The inventory that the release has for the sandbox, where a run of either release has all rights."""
    inventory = folder / "inventory"
    inventory.mkdir()
    for name in ("sandbox.yml", "group_vars/all.yml", "group_vars/web.yml"):
        (inventory / name).parent.mkdir(exist_ok=True)
        (inventory / name).write_bytes((release / "inventories" / "sandbox" / name).read_bytes())
    return inventory


def run(collections: pathlib.Path, inventory: pathlib.Path, playbook: str) -> str:
    """Run a playbook of the release, and nothing of this one; what it said."""
    return run_with(inventory, [f"bioviewers.aws.{playbook}"], ANSIBLE_COLLECTIONS_PATH=f"{collections}:{OTHERS}")
