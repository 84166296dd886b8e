"""Modules, run in this process."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args


def run(module_name: str, /, *, check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
    """The result of a module, of this collection unless its full name is given; `failed` and `msg` if it failed."""
    full_name = module_name if "." in module_name else f"bioviewers.aws.{module_name}"
    collection, _dot, short = full_name.rpartition(".")
    module = importlib.import_module(f"ansible_collections.{collection}.plugins.modules.{short}")
    controls = {"_ansible_check_mode": check_mode, "_ansible_diff": True}
    out = io.StringIO()
    arguments_given = patch_module_args({**arguments, **controls})
    with arguments_given, contextlib.redirect_stdout(out), pytest.raises(SystemExit):
        module.main()
    return json.loads(out.getvalue())
