# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of the identity pool of IGV. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.identity_pool import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.remains import Resource, role


def identity_pools(context: Context) -> Iterator[Resource]:
    name = context.names["identity_pool"]
    for pool in find.ids(context, name):
        yield Resource("identity pool", f"{name} ({pool})")
    yield from role(context, context.names["reader_role"])


REMAINS = (("identity_pool", identity_pools),)
