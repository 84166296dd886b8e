"""`python -m tests.e2e.preflights FOLDER ...`: what the first task of preflight.yml says of each inventory, in JSON.

None is a run of its own, and the module runs directly: so dozens of inventories take no longer than a few runs of a playbook.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any
from unittest import mock

import botocore.session
from ansible.executor.task_executor import TaskExecutor
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultSecretsContext
from ansible.playbook import Playbook
from ansible.playbook.play_context import PlayContext
from ansible.plugins import loader as plugins
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from sandbox.demo import viewer
from sandbox.process import environment

PLAYBOOK = viewer.ROOT / "playbooks" / "preflight.yml"


def preflight(folder: str) -> dict[str, Any]:
    """The result of the task with the inventory in a folder, as plain data."""
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[folder])
    variables = VariableManager(loader=loader, inventory=inventory)
    HostVars(inventory, variables, loader)
    (play,) = Playbook.load(str(PLAYBOOK), variable_manager=variables, loader=loader).get_plays()
    (block,) = play.compile()[1:2]
    task, host = block.block[0], inventory.get_host("localhost")
    given = variables.get_vars(play=play, host=host, task=task)
    executor = TaskExecutor(host, task, given, PlayContext(play=play), loader, plugins, mock.Mock(), variables)
    return json.loads(json.dumps(executor.run(), default=str))


def main() -> None:
    plugins.init_plugin_loader()
    environment.enter()
    botocore.session.create_loader = environment.shared_loader
    VaultSecretsContext.initialize(VaultSecretsContext([]))
    # The sandbox answers on one core what is asked on the other.
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        print(json.dumps(dict(zip(sys.argv[1:], pool.map(preflight, sys.argv[1:]), strict=True))))


if __name__ == "__main__":
    main()
