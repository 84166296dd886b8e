# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of the user pool and of what its sign-ins need. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.remains import Resource, role
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import find

USERS = "it goes with confirm_users"


def users(context: Context) -> Iterator[Resource]:
    """The user pool and what its sign-ins need; all of it stays while others sign people in there."""
    pool_name, name = context.names["user_pool"], context.names["sign_in_function"]
    pools = find.ids(context, pool_name)
    clients = {client["ClientName"] for pool in pools for client in find.app_clients(context, pool)}
    others = sorted(clients - {context.names["app_client"]})
    stays = f"the app client {join(others)} signs people in there" if others else ""
    stays = stays or (USERS if context.inputs["keep_users"] else "")
    for pool in pools:
        yield Resource("user pool with all its users", f"{pool_name} ({pool})", stays=stays)
    if context.aws.call_or_none(
        ["ResourceNotFoundException"], "lambda", "get_function_configuration", FunctionName=name
    ):
        yield Resource("function", name, stays=stays)
    yield from role(context, context.names["sign_in_role"], stays)
    log = context.names["sign_in_log_group"]
    for group in context.aws.call("logs", "describe_log_groups", logGroupNamePrefix=log)["logGroups"]:
        if group["logGroupName"] == log:
            yield Resource("log", log, stays=stays)


REMAINS = (("identity", users),)
