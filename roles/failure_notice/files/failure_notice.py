# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell an SNS topic when a systemd unit fails, and when it works again.

    failure_notice.py CONFIG UNIT

systemd starts it after each run of the unit, whether that went well or not. The first failure is told, and the first
success after it; a file in $STATE_DIRECTORY remembers a failure that was told. One JSON line says what was done; if the
message can't be sent the exit status is 1 and the next run of the unit tries again.

Runs on Python 3.10 (Ubuntu 22.04) and later with the distribution's boto3.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

COMMAND_SECONDS = 10
LINES = 5  # of the unit's journal
MOST_TEXT = 10_000


class NoticeError(Exception):
    """Why nothing could be told, one sentence for the journal."""


def ask(*command: str) -> str:
    """What a command of systemd says. Raises NoticeError."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        raise NoticeError(f"{' '.join(command)} did not run: {error}") from error
    if done.returncode:
        raise NoticeError(f"{' '.join(command)} failed with status {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


def result_of(unit: str) -> str:
    """`success`, or how the unit's last run failed (systemctl(1), systemd.exec(5))."""
    return ask("systemctl", "show", "--property=Result", "--value", unit)


def failure(name: str, unit: str, result: str) -> tuple[str, str]:
    """Subject and text."""
    said = ask("journalctl", "--unit", unit, "--lines", str(LINES), "--output", "cat", "--no-pager")
    text = f"{unit} on {socket.gethostname()} has failed: {result}. Its last words:\n\n{said}\n\n"
    told = "Nothing more is told of it until it works again, even if it goes on failing."
    return f"{name}: {unit} fails", f"{text[:MOST_TEXT]}{told}\n"


def recovery(name: str, unit: str) -> tuple[str, str]:
    """Subject and text."""
    return f"{name}: {unit} works again", f"{unit} on {socket.gethostname()} works again.\n"


def publish(config: dict[str, Any], subject: str, text: str) -> None:
    """Send a message by the instance's role. Raises NoticeError."""
    import boto3  # noqa: PLC0415  (slow to import, and mostly there is nothing to tell)
    from botocore.config import Config as ClientConfig  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    patience = ClientConfig(connect_timeout=5, read_timeout=10, retries={"max_attempts": 4, "mode": "standard"})
    topic = config["topic_arn"]
    try:
        client = boto3.client("sns", topic.split(":")[3], endpoint_url=config["endpoint_url"] or None, config=patience)
        # Longer subjects are refused (SNS API Reference, "Publish").
        client.publish(TopicArn=topic, Subject=subject[:99], Message=text)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise NoticeError(f"{topic} can't be told: {error}") from error


def notice(config: dict[str, Any], unit: str, told: Path) -> str:
    """Tell what is new of the unit; returns what was told. `told` is there as long as a failure is known."""
    result = result_of(unit)
    failed = result != "success"
    if failed == told.exists():
        return "nothing new"
    publish(config, *(failure(config["name"], unit, result) if failed else recovery(config["name"], unit)))
    if failed:
        told.touch()
    else:
        told.unlink()
    return "it fails" if failed else "it works again"


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Tell an SNS topic when a unit fails and when it works again.")
    parser.add_argument("config", type=Path)
    parser.add_argument("unit")
    asked = parser.parse_args(arguments)
    try:
        told = notice(json.loads(asked.config.read_text()), asked.unit, Path(os.environ["STATE_DIRECTORY"], asked.unit))
    except (NoticeError, OSError, ValueError, LookupError) as error:
        print(json.dumps({"event": "failed", "unit": asked.unit, "reason": str(error)}), file=sys.stderr)
        return 1
    print(json.dumps({"event": "told", "unit": asked.unit, "told": told}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
