# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SNS topic for failures. PRIVATE to this collection."""

from __future__ import annotations

from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Context


def topic_arn(context: Context) -> str:
    inputs = context.inputs
    return f"arn:aws:sns:{inputs['region']}:{inputs['aws_account_id']}:{context.names['failure_topic']}"


def topics(context: Context) -> list[str]:
    """The ARN of the topic, if it is there."""
    listed = [topic["TopicArn"] for topic in context.aws.pages("sns", "list_topics", "Topics")]
    return [arn for arn in listed if arn.rpartition(":")[2] == context.names["failure_topic"]]
