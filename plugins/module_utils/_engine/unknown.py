# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in check mode for an id that AWS has yet to give: "(known after apply: user pool lab)". PRIVATE."""

from __future__ import annotations

from typing import Any

HEAD = "(known after apply: "


def unknown(what: str) -> str:
    """The placeholder of an id of `what`, such as "user pool lab"."""
    return f"{HEAD}{what})"


def is_unknown(value: Any) -> bool:
    """Whether a placeholder is anywhere in the value."""
    if isinstance(value, dict):
        return any(map(is_unknown, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(is_unknown, value))
    return isinstance(value, str) and HEAD in value
