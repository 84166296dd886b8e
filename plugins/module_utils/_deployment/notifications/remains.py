# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the topic for failures is left. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.notifications import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.remains import Resource


def topics(context: Context) -> Iterator[Resource]:
    for arn in find.topics(context):
        yield Resource("topic", arn)


REMAINS = (("notifications", topics),)
