"""What is packed for labs: what they need, and nothing of the lab in whose checkout it is built."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import tarfile

import pytest

ROOT = pathlib.Path(__file__).parents[3]
OF_A_LAB = (
    "inventories/mylab/hosts.yml",
    "inventories/mylab/group_vars/all.yml",
    "inventories/mylab/group_vars/vault.yml",
    "reports/verify.html",
    "lab-viewer-igv/oauth-config.json",
    "plugins/notes.txt",
    "roles/nginx/files/site.pem",
    "docs/letter.docx",
    ".env",
    "id_rsa",
    "secrets.yml",
    "users.csv",
    "ansible.log",
)
TOPS = {"ARCHITECTURE.md", "CONTRIBUTING.md", "COPYING", "FILES.json", "MANIFEST.json", "README.md"}
TOPS |= {"changelogs", "constraints.txt", "docs", "inventories", "meta", "playbooks", "plugins", "requirements.txt"}
TOPS |= {"requirements.yml", "roles"}


@pytest.fixture(scope="module")
def packed(tmp_path_factory) -> set[str]:
    """The files of an artifact built in a checkout that a lab works in."""
    checkout, built = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("built")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in [*listed.split("\n"), *OF_A_LAB]:
        if (ROOT / name).is_file() or name in OF_A_LAB:
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, checkout / name) if (ROOT / name).is_file() else (checkout / name).touch()
    command = ["ansible-galaxy", "collection", "build", "--output-path", str(built), str(checkout)]
    subprocess.run(command, check=True, capture_output=True, cwd=built)
    with tarfile.open(next(built.glob("bioviewers-aws-*.tar.gz"))) as archive:
        return {member.name for member in archive if member.isfile()}


def test_nothing_of_the_lab_is_packed(packed):
    assert packed & set(OF_A_LAB) == set()


def test_nothing_of_the_tests_and_the_sandbox_is_packed(packed):
    assert {name.partition("/")[0] for name in packed} == TOPS
    assert {name for name in packed if name.startswith("inventories/") and "/example/" not in name} == set()


def test_all_that_a_lab_needs_is_packed(packed):
    folders = ("docs", "meta", "playbooks", "plugins", "roles", "inventories/example")
    held = {path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()}
    needed = {str(path.relative_to(ROOT)) for path in held if "__pycache__" not in path.parts}
    assert needed - packed == {"docs/generate.py"}
