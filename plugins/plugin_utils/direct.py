# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Direct execution: a module of this collection runs in a fork of Ansible's worker. PRIVATE to this collection.

Otherwise Ansible packs a module into a file and starts a Python for it, which unpacks and compiles the module's
libraries and imports boto3 anew: more than half a second for each task, of which AWS's answers are a tenth. Here they
are imported once, by the process that all workers are forks of: its strategy loads the action plugin of each task
(plugins/action/, one file for each module, so that module_defaults meet the module of that name alone).

What Ansible does around the module stays Ansible's: arguments, environment, reading of the result. Each module, and
each item of a loop, has a fork of its own, so that nothing stays behind: no variable of the environment, no warning, no
secret.

Ansible starts a Python, as ever, for `async`, `become`, another host, another Python (`ansible_python_interpreter`), if
files of a run are to be kept, and if it is told to: `bioviewers_aws_direct: false` in the inventory, or
BIOVIEWERS_AWS_DIRECT=0.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import io
import json
import os
import pathlib
import shlex
import sys
import time
from collections.abc import Mapping
from typing import Any, NoReturn

from ansible import constants
from ansible.executor import module_common
from ansible.module_utils import _internal
from ansible.module_utils.common import respawn
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins import action
from ansible.utils.multiprocessing import context

# What modules import, here so that every fork has it.
SHARED = ("boto3", "ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource")

try:
    from ansible.module_utils._internal._ansiballz._loader import run_module
    from ansible.module_utils.common.json import Direction, get_module_encoder

    for shared in SHARED:
        importlib.import_module(shared)
except ImportError:  # an ansible-core before 2.19, or no boto3: the module says what is missing
    run_module = None

VARIABLE, PROFILE = "bioviewers_aws_direct", "legacy"  # the profile of all modules in Python
# What a Python, or a library of its, reads but once: when it starts.
READ_AT_START = ("PYTHON", "LD_", "DYLD_", "OPENSSL_")


def stock_action() -> type[action.ActionBase]:
    """What Ansible runs modules by; by its file, as playbooks/action_plugins/normal.py has its name."""
    file = pathlib.Path(action.__file__).with_name("normal.py")
    spec = importlib.util.spec_from_file_location(f"{__name__}_stock", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ActionModule


class Respawned(BaseException):
    """The module asks for another Python; it has done nothing yet."""


def refuse_respawn(_interpreter: str) -> NoReturn:
    raise Respawned


def run(connection: Any, module: str, arguments: bytes, environment: Mapping[str, str], folder: str) -> None:
    """In the fork: what the process that Ansible would have started does."""
    # Warnings would otherwise be the controller's, and lost with the fork. No public name says that this is none.
    _internal.is_controller = False
    respawn.respawn_module = refuse_respawn
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    # What is to be done at the end of Ansible's own processes; multiprocessing does so too, from Python 3.13 on.
    atexit._clear()
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape") for _stream in range(2))
    code = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            # The entry of the process that Ansible would have started: how a module ends, or crashes, is its matter.
            run_module(json_params=arguments, profile=PROFILE, module_fqn=module, modlib_path="", extensions={})
        except SystemExit as end:
            code = end.code or 0
        except Respawned:
            pass
        atexit._run_exitfuncs()
    for stream in (out, err):
        stream.flush()
    connection.send((code, out.buffer.getvalue(), err.buffer.getvalue()))


def in_a_fork(*task: Any) -> tuple[int | None, bytes, bytes]:
    """Exit status of the module, None if it wants another Python; what it wrote."""
    receiver, sender = context.Pipe(duplex=False)
    fork = context.Process(target=run, args=(sender, *task))
    fork.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        fork.join()
        return fork.exitcode or 1, b"", b""
    finally:
        # Also when the task's time is over: it must not go on writing while the play does something else.
        fork.kill()
        fork.join()


class DirectAction(action.ActionBase):
    """What Ansible does with a module, but for the Python that it starts.

    The places where it builds and starts the program have no public names: three methods that are there for years.
    """

    _direct = False

    def _execute_module(
        self,
        module_name: str | None = None,
        module_args: dict[str, Any] | None = None,
        task_vars: dict[str, Any] | None = None,
        wrap_async: bool = False,
        **options: Any,
    ) -> dict[str, Any]:
        asked = {"module_name": module_name, "module_args": module_args, "task_vars": task_vars, **options}
        self._direct = not wrap_async and self._may_be_direct(task_vars or {})
        try:
            return super()._execute_module(wrap_async=wrap_async, **asked)
        except Respawned:
            self._direct = False
            return super()._execute_module(wrap_async=wrap_async, **asked)
        finally:
            self._direct = False

    def _may_be_direct(self, task_vars: dict[str, Any]) -> bool:
        return (
            run_module is not None
            and self._is_switched_on(task_vars)
            and self._connection.transport == "local"
            and not (self._connection.become or self._task.async_val or constants.DEFAULT_KEEP_REMOTE_FILES)
            and self._interpreter(task_vars) == sys.executable
            and not any(name.startswith(READ_AT_START) for name in self._environment())
        )

    def _is_switched_on(self, task_vars: dict[str, Any]) -> bool:
        switch = task_vars.get(VARIABLE, os.environ.get(VARIABLE.upper(), "yes"))
        return boolean(self._templar.template(switch))

    def _interpreter(self, task_vars: dict[str, Any]) -> str:
        """What Ansible would start; it looks for one where nothing is said."""
        of_host = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, task_vars)
        return self._templar.template(constants.config.get_config_value("INTERPRETER_PYTHON", variables=of_host))

    def _environment(self) -> dict[str, str]:
        """What the shell would make of it: the keyword `environment` is templated and merged nowhere else."""
        words = shlex.split(self._compute_environment_string())
        return dict(word.split("=", 1) for word in words)

    def _is_pipelining_enabled(self, *args: Any, **options: Any) -> bool:
        """As if the program went through the interpreter's standard input: no file is made."""
        return self._direct or super()._is_pipelining_enabled(*args, **options)

    def _configure_module(
        self, module_name: str, module_args: dict[str, Any], task_vars: dict[str, Any]
    ) -> tuple[module_common._BuiltModule, str]:
        """In place of the program: its arguments, in the form that it would read them in."""
        if not self._direct:
            return super()._configure_module(module_name, module_args, task_vars)
        loader = self._shared_loader_obj.module_loader
        found = loader.find_plugin_with_context(module_name, ".py", collection_list=self._task.collections)
        self._module = found.plugin_resolved_name
        encoder = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
        arguments = json.dumps({"ANSIBLE_MODULE_ARGS": module_args}, cls=encoder).encode()
        built = module_common._BuiltModule(
            b_module_data=arguments, module_style="new", shebang=f"#!{sys.executable}", serialization_profile=PROFILE
        )
        return built, found.plugin_resolved_path

    def _low_level_execute_command(self, cmd: str, *args: Any, in_data: Any = None, **options: Any) -> dict[str, Any]:
        if not self._direct:
            return super()._low_level_execute_command(cmd, *args, in_data=in_data, **options)
        code, *written = in_a_fork(self._module, in_data, self._environment(), self._loader.get_basedir())
        if code is None:
            raise Respawned
        out, err = (to_text(text, errors="surrogate_then_replace") for text in written)
        return {
            "rc": code,
            "stdout": out,
            "stdout_lines": out.splitlines(),
            "stderr": err,
            "stderr_lines": err.splitlines(),
        }


class ActionModule(DirectAction, stock_action()):
    """For a module that has no half on the controller."""
