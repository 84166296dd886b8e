"""What the roles take, and what the playbooks give them: for preflight, which opens no file of a role."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import yaml

ROLE_KEYS = ("ansible.builtin.import_role", "ansible.builtin.include_role")
# What preflight judges a value by.
KEPT = ("type", "elements", "choices", "options", "required", "no_log")


def _load(path: pathlib.Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}


def role_options(root: pathlib.Path) -> dict[str, dict[str, Any]]:
    """What the roles take, each with its default."""
    options: dict[str, dict[str, Any]] = {}
    for path in sorted(root.glob("roles/*/meta/argument_specs.yml")):
        defaults = path.parents[1] / "defaults" / "main.yml"
        held = _load(defaults) if defaults.exists() else {}
        for name, spec in _load(path)["argument_specs"]["main"].get("options", {}).items():
            options[name] = {**{key: spec[key] for key in KEPT if key in spec}, "default": held.get(name)}
    return options


def wiring(root: pathlib.Path) -> dict[str, Any]:
    """What the playbooks give to the roles, those of the viewer before those of IGV: {role variable: template}."""
    given: dict[str, Any] = {}
    playbooks = root / "playbooks"
    for path in [*sorted(playbooks.glob("igv/*.yml")), *sorted(playbooks.glob("*.yml"))]:
        for play in _load(path) or []:
            given.update(pair for entry in _entries(play) for pair in entry.get("vars", {}).items())
    return given


def _entries(play: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Where a play names a role: under `roles`, and in its tasks, blocks within blocks."""
    yield from (entry for entry in play.get("roles", []) if isinstance(entry, dict))
    for section in ("pre_tasks", "tasks", "post_tasks", "block", "rescue", "always"):
        for task in play.get(section, []):
            if any(key in task for key in ROLE_KEYS):
                yield task
            yield from _entries({key: task[key] for key in ("block", "rescue", "always") if key in task})


def render(root: pathlib.Path) -> str:
    return json.dumps({"options": role_options(root), "wiring": wiring(root)}, indent=1) + "\n"
