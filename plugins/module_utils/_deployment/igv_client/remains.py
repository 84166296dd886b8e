# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether IGV's app client is left in the user pool of the viewer. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.remains import Resource
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import find as user_pools


def shared_app_clients(context: Context) -> Iterator[Resource]:
    """IGV's app client in the user pool of the viewer."""
    name, of_pool = context.names["app_client"], context.inputs["user_pool"]
    for pool in user_pools.ids(context, of_pool) if of_pool != context.names["user_pool"] else []:
        if name in [client["ClientName"] for client in user_pools.app_clients(context, pool)]:
            yield Resource("app client", f"{name} of the user pool {of_pool}")


REMAINS = (("identity_client", shared_app_clients),)
