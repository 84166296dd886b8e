# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns Ansible to the sandbox: every AWS call of the run then goes there, whatever account the shell names."""

from __future__ import annotations

import os
import pathlib
import sys

from ansible import context
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.utils.vars import load_extra_vars

DOCUMENTATION = """
name: bioviewers_sandbox
short_description: The sandbox instead of AWS
description:
  - Sets the environment of the run so that AWS is the sandbox on this machine; drops all settings of a real account.
  - Ends the run when the sandbox is not up.
  - With C(inventories/sandbox) gives a playbook exactly the rights that docs/permissions.md lists for it, or for the
    purpose that E(SANDBOX_PURPOSE) names. What is listed nowhere may do everything.
  - Adds the group C(web), empty, with the sandbox's session manager plugin as its connection's, and with the viewer
    that this machine has built before.
author: Contributors to bioviewers.aws
options:
  plugin:
    description: Marks the file as one for this plugin.
    required: true
    choices: [bioviewers_sandbox]
"""

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]


def playbook() -> str:
    """The name of the playbook that runs, given as a file or by its collection; one of IGV is `igv.<name>`."""
    named = (context.CLIARGS.get("args") or [""])[0]
    parts = named.removesuffix(".yml").replace("/", ".").split(".")
    return ".".join(parts[-2:] if parts[-2:-1] == ["igv"] else parts[-1:])


class InventoryModule(BaseInventoryPlugin):
    """Reads inventories/sandbox/sandbox.yml."""

    NAME = "bioviewers_sandbox"

    def verify_file(self, path: str) -> bool:
        """Whether the file is meant for this plugin."""
        return super().verify_file(path) and path.endswith(("sandbox.yml", "sandbox.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        """Enter the sandbox; without one, end the run."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        sys.path.insert(0, str(CHECKOUT))
        # Found only now.
        from sandbox.compute import viewer_bundle  # noqa: PLC0415
        from sandbox.iam import playbook_roles  # noqa: PLC0415
        from sandbox.process import environment, supervisor  # noqa: PLC0415
        from tools import iam_policies  # noqa: PLC0415

        # First of all: a run that went on after an error must not meet a real account.
        environment.enter()
        if not supervisor.is_up():
            # Not an AnsibleError: for Ansible that is only a warning, and the run goes on with no host.
            raise SystemExit("The sandbox is not up. Start it with: python -m sandbox up")
        # The connection to a host makes these clients at each task, in a process of its own: a fifth of its time.
        environment.read_models_once("s3", "ssm")
        purpose = os.environ.get(playbook_roles.VARIABLE) or iam_policies.purpose_of(playbook())
        # Another inventory may be an earlier release's: it has all rights, and nothing that the release does not know.
        is_own = pathlib.Path(path).resolve().parent == CHECKOUT / "inventories" / "sandbox"
        if purpose and is_own:
            os.environ.update(playbook_roles.credentials(purpose, load_extra_vars(loader)))
        inventory.add_host("localhost")
        inventory.set_variable("localhost", "ansible_connection", "local")
        inventory.add_group("web")
        inventory.set_variable("web", "ansible_aws_ssm_plugin", str(CHECKOUT / "sandbox" / "session_manager_plugin"))
        if is_own:
            inventory.set_variable("web", "neuroglancer_bundle_dir", str(viewer_bundle.FOLDER))
