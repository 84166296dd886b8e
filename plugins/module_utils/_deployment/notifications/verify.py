# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told when something on the instance fails, as SNS describes it. PRIVATE."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context, Skipped
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.notifications import find


def told(subscriptions: Mapping[str, str], wanted: list[str]) -> Reasons:
    """What is wrong with who is told. `subscriptions` has the ARN of each address, or what stands for one."""
    held = {address for address, arn in subscriptions.items() if arn.startswith("arn:")}
    if surplus := held - set(wanted):
        yield f"{join(sorted(surplus))} is told, too"
    if missing := set(wanted) - subscriptions.keys():
        yield f"{join(sorted(missing))} is not subscribed"
    if not (surplus or missing) and (waiting := set(wanted) - held):
        raise Skipped(f"{join(sorted(waiting))} has not followed the link that AWS sent, and is told nothing before")


def notices(context: Context) -> Reasons:
    arn, wanted = find.topic_arn(context), context.inputs["failure_emails"]
    if arn not in find.topics(context):
        if wanted:
            yield f"there is no topic {arn}"
        return
    topic = context.aws.call("sns", "get_topic_attributes", TopicArn=arn)
    if not topic["Attributes"].get("KmsMasterKeyId"):
        yield "the topic is not encrypted"
    listed = context.aws.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
    yield from told({one["Endpoint"]: one["SubscriptionArn"] for one in listed}, wanted)


PART = "The notifications"
CHECKS = (
    Check(
        "notices",
        notices,
        claim="Failures on the instance are told to those in failure_emails and to nobody else, by an encrypted topic.",
        how="SNS's GetTopicAttributes and ListSubscriptionsByTopic",
        todo="Run site.yml: it subscribes who is missing and takes off who is too many.",
    ),
)
