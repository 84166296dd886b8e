# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Direct execution for the modules of the collections that ours builds on, in our playbooks alone.

Ansible runs a module that has no action plugin by the plugin `normal`, and takes that of the playbook's folder before
its own. So nothing is changed for other playbooks, and tasks name the modules of amazon.aws as ever.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.bioviewers.aws.plugins.plugin_utils import direct

COLLECTIONS = ("amazon.aws.", "community.aws.")


class ActionModule(direct.ActionModule):
    """Runs their modules directly; all others as Ansible does."""

    def _may_be_direct(self, task_vars: dict[str, Any]) -> bool:
        return self._task.resolved_action.startswith(COLLECTIONS) and super()._may_be_direct(task_vars)
