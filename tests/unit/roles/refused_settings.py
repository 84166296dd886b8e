"""Settings that a role must refuse before it touches the host."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def refusals(role: str, good: dict[str, Any], bad: dict[str, list[Any]]) -> list[tuple[str, Any, str]]:
    """Try each bad value beside the good ones; (name, value, what the role said) of each, "" for an accepted one."""
    cases = [(name, value) for name, values in bad.items() for value in values]
    tasks = [_try(role, good), *(_try(role, {**good, name: value}) for name, value in cases)]
    accepted, *told = _run(tasks)
    assert not accepted, f"the good settings were refused: {accepted}"
    return [(*case, sentence) for case, sentence in zip(cases, told, strict=True)]


def _try(role: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Adds the first sentence of the refusal, or nothing, to the fact `told`."""
    failed = "ansible_failed_result.results | selectattr('failed', 'true') | map(attribute='msg') | list"
    validate = {"include_role": {"name": f"bioviewers.aws.{role}", "tasks_from": "validate.yml"}}
    return {
        "vars": settings,
        "block": [validate, _tell("['']")],
        "rescue": [_tell(f"({failed})[:1]")],
    }


def _tell(expression: str) -> dict[str, Any]:
    return {"set_fact": {"told": "{{ told | default([]) + " + expression + " }}"}}


def _run(tasks: list[dict[str, Any]]) -> list[str]:
    with tempfile.TemporaryDirectory() as directory:
        said, playbook = Path(directory) / "said", Path(directory) / "play.yml"
        last = {"copy": {"dest": str(said), "content": "{{ told | to_json }}"}}
        playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [*tasks, last]}]))
        command = [sys.executable, "-m", "ansible.cli.playbook", str(playbook)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(said.read_text())
