# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: first_matching
short_description: First entry of a list whose pattern is found in a text
version_added: 0.1.0
description:
  - Returns the first entry with a regular expression that is found somewhere in the text.
positional: _input, entries
options:
  _input:
    description: A text, such as the message of a task that failed.
    type: str
    required: true
  entries:
    description: Mappings, each with a regular expression under C(pattern).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Print the usual cause of a failure
  ansible.builtin.debug:
    msg: "{{ (ansible_failed_result.msg | bioviewers.aws.first_matching(failures)).means }}"
"""

RETURN = r"""
_value:
  description: The entry; empty if no pattern is found.
  type: dict
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def first_matching(text: str, entries: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((entry for entry in entries if re.search(entry["pattern"], text)), {})


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Mapping[str, Any]]]:
        return {"first_matching": first_matching}
