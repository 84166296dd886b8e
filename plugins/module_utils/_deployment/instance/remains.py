# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of the instance. PRIVATE to this collection."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.filters import filters
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.instance import find
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.remains import Resource, role


def instances(context: Context) -> Iterator[Resource]:
    for one in find.instances(context):
        yield Resource("instance", one["InstanceId"], costs=True)


def volumes(context: Context) -> Iterator[Resource]:
    """Disks that no instance takes along."""
    asked = filters({"tag:Project": context.inputs["project"], "status": ["available", "error"]})
    for one in context.aws.pages("ec2", "describe_volumes", "Volumes", Filters=asked):
        yield Resource("disk", one["VolumeId"], costs=True)


def instance_rights(context: Context) -> Iterator[Resource]:
    name = context.names["instance_profile"]
    if context.aws.call_or_none(["NoSuchEntity"], "iam", "get_instance_profile", InstanceProfileName=name):
        yield Resource("instance profile", name)
    yield from role(context, context.names["instance_role"])


def staging_bucket(context: Context) -> Iterator[Resource]:
    name = context.inputs["staging_bucket"]
    if context.aws.call_or_none(["404", "NoSuchBucket"], "s3", "head_bucket", Bucket=name):
        yield Resource("bucket", name, costs=True)


REMAINS = (
    ("web_instance", instances),
    ("web_instance", volumes),
    ("web_instance", instance_rights),
    ("web_instance", staging_bucket),
)
