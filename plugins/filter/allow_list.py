# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: allow_list
short_description: What is wrong with a list of people who may sign in
version_added: 0.2.0
description:
  - Judges domains and addresses as the function of the role P(bioviewers.aws.identity#role) and the gate of
    P(bioviewers.aws.session_gate#role) read them, by the same code. Another spelling would let nobody in.
positional: _input, emails
options:
  _input:
    description: Domains of the addresses that may sign in.
    type: list
    elements: str
    required: true
  emails:
    description: Addresses that may sign in.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Assert that all domains and addresses can be read
  ansible.builtin.assert:
    that:
      - found.invalid_domains | length == 0
      - found.invalid_emails | length == 0
      - found.size <= found.max_size
  vars:
    found: "{{ ['example.org'] | bioviewers.aws.allow_list(['ada@example.org']) }}"
"""

RETURN = r"""
_value:
  description: A mapping.
  type: dict
  contains:
    invalid_domains:
      description: Those that are no domains.
      type: list
      elements: str
    invalid_emails:
      description: Those that are no e-mail addresses.
      type: list
      elements: str
    size:
      description: How many bytes the function needs for the list.
      type: int
    max_size:
      description: How many bytes it has.
      type: int
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._inventory.allow_list import (
    DOMAIN,
    MAX_BYTES,
    email_domain,
    size,
)


def allow_list(domains: list[Any], emails: list[Any]) -> dict[str, Any]:
    return {
        "invalid_domains": [each for each in domains if not DOMAIN.fullmatch(str(each))],
        "invalid_emails": [each for each in emails if not email_domain(each)],
        "size": size(list(domains), list(emails)),
        "max_size": MAX_BYTES,
    }


class FilterModule:
    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"allow_list": allow_list}
