"""The edge imports nothing of the sandbox, and its parts only those before them."""

from __future__ import annotations

import ast
import pathlib

import pytest

import aws_edge

FOLDER = pathlib.Path(aws_edge.__file__).parent
LAYERS = ("__init__", "config", "cache", "tokens", "http", "log", "account", "cdn", "login", "load_balancer")
LAYERS += ("dispatch", "edge", "run")
FILES = sorted(FOLDER.rglob("*.py"))


def layer(path: pathlib.Path) -> str:
    return path.relative_to(FOLDER).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_imports_come_from_lower_layers(path):
    nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    modules = [f"{node.module}.{node.names[0].name}".split(".") for node in nodes]
    assert "sandbox" not in [names[0] for names in modules]
    own = LAYERS.index(layer(path))
    assert [names for names in modules if names[0] == "aws_edge" and LAYERS.index(names[1]) > own] == []
