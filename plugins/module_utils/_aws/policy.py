# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policy documents of IAM and S3. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Statement = dict[str, Any]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def document_statements(document: Mapping[str, Any]) -> list[Statement]:
    return as_list(document.get("Statement"))


def plain(value: Any) -> Any:
    """One form of what a policy can say in several: single values for lists of one, the order of lists."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return plain(value[0]) if len(value) == 1 else sorted(map(str, value))
    return value
