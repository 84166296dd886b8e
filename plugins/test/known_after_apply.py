# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: known_after_apply
short_description: Whether something waits for an id that AWS has yet to give
version_added: 0.1.0
description:
  - In check mode the modules of this collection return a placeholder for each id of what they would make.
options:
  _input:
    description: A value; in a dictionary or a list, everything in it is looked at.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Report the record in check mode
  ansible.builtin.debug:
    msg: would create the record of {{ domain }}
  when: made.distribution is bioviewers.aws.known_after_apply
"""

RETURN = r"""
_value:
  description: Whether a stand-in is in it.
  type: bool
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._engine.unknown import is_unknown


class TestModule:
    __test__ = False  # not one of pytest's

    def tests(self) -> dict[str, Callable[[Any], bool]]:
        return {"known_after_apply": is_unknown}
