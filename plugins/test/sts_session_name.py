# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: sts_session_name
short_description: Whether AWS STS takes a text as the name of a session
version_added: 0.1.0
description:
  - IGV Desktop gives a person's address as the name of the session in which it reads.
options:
  _input:
    description: A text.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Assert that somebody can use IGV
  ansible.builtin.assert:
    that: "'ada@example.org' is bioviewers.aws.sts_session_name"
"""

RETURN = r"""
_value:
  description: Whether it is taken.
  type: bool
"""

from collections.abc import Callable

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.sts import SESSION_NAME


def sts_session_name(text: object) -> bool:
    return bool(SESSION_NAME.fullmatch(str(text)))


class TestModule:
    def tests(self) -> dict[str, Callable[[object], bool]]:
        return {"sts_session_name": sts_session_name}
