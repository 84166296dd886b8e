# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: listener_rules
short_description: Rules of a listener of an Application Load Balancer for path patterns
version_added: 0.1.0
description:
  - A rule takes at most five patterns (Application Load Balancers User Guide, "Condition types for listener rules").
    This returns as many rules as that takes, each with the same actions, in the form of C(Rules) of
    M(amazon.aws.elb_application_lb).
positional: _input, actions, priority
options:
  _input:
    description: Path patterns.
    type: list
    elements: str
    required: true
  actions:
    description: What each rule does.
    type: list
    elements: dict
    required: true
  priority:
    description: Priority of the first rule. Those after it have the numbers that follow.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Print the rules for public paths
  ansible.builtin.debug:
    msg: "{{ ['/', '/assets/*'] | bioviewers.aws.listener_rules([forward], 10) }}"
"""

RETURN = r"""
_value:
  description: The rules.
  type: list
  elements: dict
"""

from collections.abc import Callable, Iterator
from typing import Any

PATTERNS_OF_A_RULE = 5


def batches(patterns: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(patterns), PATTERNS_OF_A_RULE):
        yield patterns[start : start + PATTERNS_OF_A_RULE]


def listener_rules(patterns: list[str], actions: list[dict[str, Any]], priority: int) -> list[dict[str, Any]]:
    def rule(number: int, values: list[str]) -> dict[str, Any]:
        condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": values}}
        return {"Priority": number, "Conditions": [condition], "Actions": actions}

    return [rule(number, values) for number, values in enumerate(batches(patterns), priority)]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., list[dict[str, Any]]]]:
        return {"listener_rules": listener_rules}
