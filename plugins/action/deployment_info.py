# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.bioviewers.aws.plugins.plugin_utils import direct


class ActionModule(direct.ActionModule):
    """Runs the module directly."""
