# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: foretold
short_description: Whether something waits for an id that AWS has yet to give
version_added: 0.1.0
description:
  - In check mode the modules of this collection return a stand-in for each id of what they would make. This finds it.
options:
  _input:
    description: A value; in a dictionary or a list, everything in it is looked at.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Say what a dry run can't look into
  ansible.builtin.debug:
    msg: would create the record of {{ domain }}
  when: made.distribution is bioviewers.aws.foretold
"""

RETURN = r"""
_value:
  description: Whether a stand-in is in it.
  type: bool
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._engine.unknown import is_foretold


class TestModule:
    __test__ = False  # not one of pytest's

    def tests(self) -> dict[str, Callable[[Any], bool]]:
        return {"foretold": is_foretold}
