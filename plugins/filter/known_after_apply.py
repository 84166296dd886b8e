# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: known_after_apply
short_description: Placeholder for an id that AWS has yet to give
version_added: 0.1.0
description:
  - In check mode nothing is made, so there are no ids of it. The modules of this collection return such a placeholder
    instead, and take it from each other; this filter makes one for a module that does not.
positional: _input
options:
  _input:
    description: What would be made.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Publish the id
  ansible.builtin.set_fact:
    group_id: "{{ group.group_id or 'security group lab' | bioviewers.aws.known_after_apply }}"
"""

RETURN = r"""
_value:
  description: The placeholder.
  type: str
  sample: "(known after apply: security group lab)"
"""

from collections.abc import Callable

from ansible_collections.bioviewers.aws.plugins.module_utils._engine.unknown import unknown


class FilterModule:
    def filters(self) -> dict[str, Callable[[str], str]]:
        return {"known_after_apply": unknown}
