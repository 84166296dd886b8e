# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: user_rows
short_description: Users of a user pool as the rows of a table
version_added: 0.1.0
description:
  - Returns a head and a row for each user.
positional: _input, refusals
options:
  _input:
    description: Users, as M(bioviewers.aws.cognito_user_info) returns them.
    type: list
    elements: dict
    required: true
  refusals:
    description: Why each may not sign in, as P(bioviewers.aws.sign_in_refusal#filter) returns it; empty for who may.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Print the users
  ansible.builtin.debug:
    msg: "{{ people.users | bioviewers.aws.user_rows(people.users | map('bioviewers.aws.sign_in_refusal')) }}"
"""

RETURN = r"""
_value:
  description: The rows.
  type: list
  elements: str
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

# Two blanks between columns: at one, Ansible's YAML output breaks long lines.
ROW = "{:36}  {:22}  {:8}  {:7}  {:16}  {}"


def row(user: Mapping[str, Any], refusal: str) -> str:
    enabled = "yes" if user["enabled"] else "no"
    reason = refusal if user["enabled"] else "Disabled"
    allowed = f"no. {reason}" if reason else "yes"
    providers = ",".join(user["providers"])
    return ROW.format(user["email"], user["status"], providers, enabled, user["changed_at"][:16], allowed)


def user_rows(users: Iterable[Mapping[str, Any]], refusals: Iterable[str]) -> list[str]:
    head = ROW.format("address", "status", "provider", "enabled", "changed", "allowed")
    return [head, *map(row, users, refusals)]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {"user_rows": user_rows}
