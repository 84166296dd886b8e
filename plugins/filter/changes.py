# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: changes
short_description: What a run changed on a host
version_added: 0.1.0
description:
  - Each task of a role that writes registers its result as C(__<role>_<what>). This returns the names of those that
    changed something, in order, as text.
positional: _input
options:
  _input:
    description: Variables of a host, from C(hostvars).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Print the changes
  ansible.builtin.debug:
    msg: "{{ hostvars['localhost'] | bioviewers.aws.changes }}"
"""

RETURN = r"""
_value:
  description: The changes.
  type: list
  elements: str
  sample: [network instance group]
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

REGISTERED = re.compile(r"__(?=[a-z])")


def changes(variables: Mapping[str, Any]) -> list[str]:
    results = {name: variables[name] for name in sorted(variables) if REGISTERED.match(name)}
    changed = [name for name, one in results.items() if isinstance(one, Mapping) and one.get("changed")]
    return [REGISTERED.sub("", name).replace("_", " ") for name in changed]


class FilterModule:
    def filters(self) -> dict[str, Callable[[Mapping[str, Any]], list[str]]]:
        return {"changes": changes}
