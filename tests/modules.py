"""Modules of this collection, run in this process."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args


def run(module_name: str, /, *, check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
    """A module's result, with `failed` and `msg` if it failed."""
    module = importlib.import_module(f"ansible_collections.bioviewers.aws.plugins.modules.{module_name}")
    controls = {"_ansible_check_mode": check_mode, "_ansible_diff": True}
    out = io.StringIO()
    arguments_given = patch_module_args({**arguments, **controls})
    with arguments_given, contextlib.redirect_stdout(out), pytest.raises(SystemExit):
        module.main()
    return json.loads(out.getvalue())
