# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left of a deployment, for a dry run of the teardown and to prove that it has left nothing. PRIVATE.

Each resource says in its `remains` what counts as left of it. AWS itself is asked and not the roles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context

# Parts of the ARNs of what is looked for by name. What Resource Groups tells of such can be old: it lists what was
# tagged once, too (Resource Groups Tagging API Reference, "GetResources").
KINDS_BY_NAME = (
    ":instance/",
    ":volume/",
    ":security-group/",
    ":loadbalancer/",
    ":targetgroup/",
    ":listener",
    ":distribution/",
    ":certificate/",
    ":parameter/",
    ":function:",
    ":log-group:",
    ":userpool/",
    ":identitypool/",
    ":role/",
    ":sns:",
    ":instance-profile/",
)
# The role that takes it away, and what finds it.
Remains = Iterable[tuple[str, Callable[[Context], Iterator["Resource"]]]]


@dataclass(frozen=True)
class Resource:
    """Something that is left. `stays` is why a teardown leaves it."""

    kind: str
    name: str
    costs: bool = False
    stays: str = ""


def role(context: Context, name: str, stays: str = "") -> Iterator[Resource]:
    if context.aws.call_or_none(["NoSuchEntity"], "iam", "get_role", RoleName=name):
        yield Resource("role", name, stays=stays)


def resources(context: Context, remains: Remains) -> list[dict[str, Any]]:
    """What is left, each with the role that takes it away."""
    return [{"role": role, **asdict(one)} for role, find in remains for one in find(context)]


def tagged(context: Context) -> list[str]:
    """What else has the project's tag: disks' snapshots, alarms, whatever its owner put beside it."""
    wanted = [{"Key": "Project", "Values": [context.inputs["project"]]}]
    arns = {
        found["ResourceARN"]
        for region in ("us-east-1", context.inputs["region"])
        for found in context.aws.pages(
            "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", region=region, TagFilters=wanted
        )
    }
    own = {f"arn:aws:s3:::{context.inputs.get('staging_bucket')}"}
    return sorted(arn for arn in arns - own if not any(kind in arn for kind in KINDS_BY_NAME))
