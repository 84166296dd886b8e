# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of the keys that sign cookies. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.remains import Resource
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.signing_keys import find


def key_group(context: Context) -> Iterator[Resource]:
    if group := find.key_group_or_none(context):
        yield Resource("key group", group["KeyGroupConfig"]["Name"])


def public_keys(context: Context) -> Iterator[Resource]:
    for key in find.own_public_keys(context):
        yield Resource("public key", key["Name"])


def parameters(context: Context) -> Iterator[Resource]:
    path = context.inputs["signing_key_path"]
    for one in context.aws.pages("ssm", "get_parameters_by_path", "Parameters", Path=path, Recursive=True):
        yield Resource("parameter", one["Name"])


REMAINS = (
    ("private_cdn", key_group),
    ("private_cdn", public_keys),
    ("private_cdn", parameters),
)
