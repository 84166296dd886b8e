# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sign_in_refusal
short_description: Why a user of a user pool may not sign in, by a list
version_added: 0.1.0
description:
  - Says what the function of the role P(bioviewers.aws.identity#role) would say of a user if it had this list, by the
    same code.
positional: _input
options:
  _input:
    description: A user, as M(bioviewers.aws.cognito_user_info) tells it.
    type: dict
    required: true
  domains:
    description: Domains of the addresses that may sign in.
    type: list
    elements: str
    default: []
  emails:
    description: Addresses that may sign in.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Tell who is not on the list
  ansible.builtin.debug:
    msg: "{{ item.email }}: {{ item | bioviewers.aws.sign_in_refusal(domains=['example.org']) }}"
  loop: "{{ people.users }}"
"""

RETURN = r"""
_value:
  description: A sentence without a full stop; empty for who may sign in.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._inventory.allow_list import (
    AllowList,
    is_federated,
    refusal_reason,
)


def sign_in_refusal(user: dict[str, Any], domains: list[str] | None = None, emails: list[str] | None = None) -> str:
    known = {**user["attributes"], "cognito:user_status": user["status"]}
    federated = is_federated("TokenGeneration_HostedAuth", user["username"], known)
    return refusal_reason(known, federated, AllowList(domains or [], emails or []))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., str]]:
        return {"sign_in_refusal": sign_in_refusal}
