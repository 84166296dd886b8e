# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check can find. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Problem:
    """What is wrong with a variable (or, without one, with the account or this machine), and what to do instead.

    `value` is what to show of the variable's value: nothing of a secret.
    """

    variable: str
    value: str
    wrong: str
    instead: str

    def sentence(self) -> str:
        subject = f"{self.variable} is {self.value}: " if self.value else f"{self.variable}: "
        text = f"{subject if self.variable else ''}{self.wrong}; {self.instead}."
        return text[0].upper() + text[1:] if not self.variable else text

    def facts(self) -> dict[str, str]:
        return {**asdict(self), "message": self.sentence()}


@dataclass(frozen=True)
class Note:
    """Something that a person should know, and that stops nothing."""

    text: str


Findings = Iterator[Problem | Note]  # before the first write
Reasons = Iterator[str]  # why a claim of a finished deployment does not hold
