# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left in the policy of the data bucket. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.remains import Resource


def policy_statements(context: Context) -> Iterator[Resource]:
    bucket, ours = context.inputs["data_bucket"], find.statement_ids(context).values()
    for statement in find.statements(context, bucket):
        if statement.get("Sid") in ours:
            yield Resource("statement in the policy of the bucket", f"{statement['Sid']} of {bucket}")


REMAINS = (("private_cdn", policy_statements),)
