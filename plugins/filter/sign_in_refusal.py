# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sign_in_refusal
short_description: Why a user of a user pool may not sign in, by a list
version_added: 0.1.0
description:
  - Says what the function of the role P(bioviewers.aws.identity#role) would say of a user if it had this list, by that
    function's own code.
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

import importlib.util
import pathlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

CODE = pathlib.Path(__file__).parents[2] / "roles" / "identity" / "files" / "sign_in.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sign_in", CODE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sign_in_refusal(user: dict[str, Any], domains: list[str] | None = None, emails: list[str] | None = None) -> str:
    function = load()
    known = {**user["attributes"], "cognito:user_status": user["status"]}
    federated = function.is_federated("TokenGeneration_HostedAuth", user["username"], known)
    return function.refusal(known, federated, function.Allowed(domains or [], emails or []))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., str]]:
        return {"sign_in_refusal": sign_in_refusal}
