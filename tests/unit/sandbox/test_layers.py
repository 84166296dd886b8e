"""The packages of the sandbox in layers: each imports of those before it, and of itself."""

from __future__ import annotations

import ast
import pathlib
from collections.abc import Iterator

import pytest

from sandbox import settings

FOLDER = settings.CHECKOUT / "sandbox"
LAYERS = ("settings", "process", "compute", "network", "iam", "api", "google", "demo", "seed", "inventory_plugins")
# The command line stands above all of them.
TOP = ("__init__", "__main__")


def layer(path: pathlib.Path) -> str:
    return path.relative_to(FOLDER).parts[0].removesuffix(".py")


def imported(path: pathlib.Path) -> Iterator[str]:
    """The layers that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "sandbox":
            names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
            yield from [name.split(".")[1] for name in names if "." in name][:1]


FILES = [path for path in sorted(FOLDER.rglob("*.py")) if layer(path) not in TOP]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_imports_come_from_lower_layers(path):
    own = LAYERS.index(layer(path))
    assert [name for name in imported(path) if LAYERS.index(name) > own] == []
