# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values and lists in a sentence. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

LONGEST = 120


def quote(value: Any) -> str:
    """A value as a person would write it in an inventory."""
    if isinstance(value, str):
        return f"'{value[:LONGEST]}{'...' if len(value) > LONGEST else ''}'"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(str, value))}]"
    return "empty" if value is None else str(value)


def join(names: Iterable[Any], last: str = "and") -> str:
    """`a, b and c`."""
    *front, end = [str(name) for name in names] or ["none"]
    return f"{', '.join(front)} {last} {end}" if front else end
