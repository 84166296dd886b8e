# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of EC2. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def filters(wanted: Mapping[str, str | list[str]]) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": [value] if isinstance(value, str) else value} for name, value in wanted.items()]
