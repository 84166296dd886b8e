# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of how sessions of Systems Manager begin, by which the instance is reached. PRIVATE to this collection.

Systems Manager User Guide, "Session document schema".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Findings, Note

# The account's preferences, by which a session begins that names no document.
PREFERENCES = "SSM-SessionManagerRunShell"
PLAIN = {"schemaVersion": "1.0", "description": "Plain sessions", "sessionType": "Standard_Stream", "inputs": {}}
# Seconds of the longest step, the build of the viewer.
LONGEST_MINUTES = 30


def document(context: Context) -> Findings:
    named = context.inputs.get("session_document", "")
    name = named or PREFERENCES
    held = context.aws.call_or_none(["InvalidDocument"], "ssm", "get_document", Name=name)
    if named and (held is None or held.get("DocumentType") != "Session"):
        wrong = f"Systems Manager has no session document of that name in {context.inputs['region']}"
        yield context.problem("session_document", wrong, f"make it ({_command(named)}), or leave it out")
    elif held and not named:
        yield from _judged(context, json.loads(held["Content"]).get("inputs", {}))


def _judged(context: Context, inputs: dict[str, Any]) -> Findings:
    """What the account's preferences do to sessions in which Ansible speaks with a shell."""
    in_the_way = [*_in_the_way(inputs)]
    if in_the_way:
        own = f"{context.inputs['project']}-session"
        wrong = f"sessions begin by the account's preferences ({PREFERENCES}), which {join(in_the_way)}"
        instead = f"make a document for plain ones ({_command(own)}) and write {own}"
        yield context.problem("session_document", wrong, f"{instead}, or {PREFERENCES} to use those all the same")
    logs = [what for key, what in LOGS.items() if inputs.get(key)]
    if logs:
        yield Note(
            f"The account's preferences have sessions logged in {join(logs)}, which the instance's role must be allowed"
            " to write: name a policy for that in web_instance_managed_policies, or a session_document without logs."
        )
    most = inputs.get("maxSessionDuration")
    if most and int(most) < LONGEST_MINUTES:
        yield Note(f"The account's preferences end sessions after {most} minutes, in the middle of longer steps.")


LOGS = {"s3BucketName": "S3", "cloudWatchLogGroupName": "CloudWatch"}


def _in_the_way(inputs: dict[str, Any]) -> Iterator[str]:
    if inputs.get("kmsKeyId"):
        # https://github.com/ansible-collections/amazon.aws/issues/2647
        yield "encrypt them with a key of KMS (kmsKeyId), where Ansible's connection fails"
    if inputs.get("runAsEnabled"):
        user = inputs.get("runAsDefaultUser") or "the user of a tag"
        yield f"run them as {user} (runAsEnabled), who may lack the rights of root"
    if inputs.get("shellProfile", {}).get("linux"):
        yield "run commands at their start (shellProfile), whose output Ansible takes for its own"


def _command(name: str) -> str:
    return f"`aws ssm create-document --name {name} --document-type Session --content '{json.dumps(PLAIN)}'`"


CHECKS = (
    Check(
        "The settings of sessions",
        document,
        needs=("usable_region", "project", "network"),
        option="session_document",
        strict=False,
    ),
)
