"""The layers of module_utils: no import runs up or in a circle, and no folder of plugins or sandbox is too full."""

from __future__ import annotations

import ast
import graphlib
import pathlib
import re
from collections.abc import Callable, Iterator

import pytest

ROOT = pathlib.Path(__file__).parents[3]
PLUGINS, UTILS = ROOT / "plugins", ROOT / "plugins" / "module_utils"
PACKAGE = "ansible_collections.bioviewers.aws.plugins.module_utils"
# From the bottom up. Modules and plugins stand on top.
LAYERS = ("_engine", "_aws", "_services", "_checks", "_inventory", "_deployment")
MOST_FILES = 15
# Ansible finds a module, and its action plugin, by the name of a file in this one folder.
FLAT_BY_ANSIBLE = {PLUGINS / "modules", PLUGINS / "action"}
FILES = sorted(path for path in UTILS.rglob("*.py") if path.name != "__init__.py")


def name_of(path: pathlib.Path) -> str:
    return ".".join(path.relative_to(UTILS).with_suffix("").parts)


NAMES = {name_of(path) for path in FILES}


def imported(path: pathlib.Path) -> Iterator[str]:
    """The files of module_utils that a file imports, as `_layer.file`."""
    folder = list(path.relative_to(UTILS).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            start = [PACKAGE, *folder[: len(folder) + 1 - node.level]] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            if module.startswith(PACKAGE):
                base = module.removeprefix(PACKAGE).lstrip(".")
                yield from {base} & NAMES or {f"{base}.{alias.name}" for alias in node.names}


def circle(room: Callable[[str], str]) -> list[str]:
    """The rooms of a circle of imports, if there is one."""
    graph: dict[str, set[str]] = {}
    for path in FILES:
        here = room(name_of(path))
        graph.setdefault(here, set()).update({room(name) for name in imported(path)} - {here})
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def test_imports_are_seen():
    builds = set(imported(UTILS / "_deployment" / "builds.py"))
    assert {"_deployment.bucket.verify", "_deployment.dns.remains"} <= builds <= NAMES


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_come_from_lower_layers(path):
    own = LAYERS.index(name_of(path).partition(".")[0])
    assert [name for name in imported(path) if LAYERS.index(name.partition(".")[0]) > own] == []


def test_no_files_import_each_other():
    assert circle(lambda name: name) == []


def test_no_resources_import_each_other():
    assert circle(lambda name: ".".join(name.split(".")[:2])) == []


def test_no_folder_is_too_full():
    folders = {path.parent for top in (PLUGINS, ROOT / "sandbox") for path in top.rglob("*.py")} - FLAT_BY_ANSIBLE
    counts = {folder.relative_to(ROOT): len([*folder.glob("*.py")]) for folder in folders}
    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


# A file of a role is the role's: what others must know of roles, preflight_roles.json has.
OPENED = re.compile(r"""role_path|playbook_dir|\.\./roles|["']roles/""")


@pytest.mark.parametrize(
    "path",
    [*PLUGINS.rglob("*.py"), *(ROOT / "playbooks").rglob("*.yml")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_file_of_a_role_is_opened_by_its_path(path):
    assert not OPENED.findall(path.read_text())
