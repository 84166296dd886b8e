# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in a dry run for an id that AWS has yet to give: "(not made yet: user pool lab)". PRIVATE."""

from __future__ import annotations

from typing import Any

HEAD = "(not made yet: "


def foretold(what: str) -> str:
    """The stand-in for an id of `what`, such as "user pool lab"."""
    return f"{HEAD}{what})"


def is_foretold(value: Any) -> bool:
    """Whether a stand-in is anywhere in the value."""
    if isinstance(value, dict):
        return any(map(is_foretold, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(is_foretold, value))
    return isinstance(value, str) and HEAD in value
