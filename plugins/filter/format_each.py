# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: format_each
short_description: One line of text for each mapping of a list
version_added: 0.1.0
description:
  - Fills the members of each mapping into the same line.
positional: _input, line
options:
  _input:
    description: Mappings.
    type: list
    elements: dict
    required: true
  line:
    description: The line, with the names of members in braces, as Python's C(str.format) takes it.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Print the remaining resources
  ansible.builtin.debug:
    msg: "{{ remaining.resources | bioviewers.aws.format_each('{kind}  {name}') }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def format_each(items: Iterable[Mapping[str, Any]], line: str) -> list[str]:
    return [line.format(**item) for item in items]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {"format_each": format_each}
