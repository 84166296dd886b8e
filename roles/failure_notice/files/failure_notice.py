# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publish to an SNS topic when a systemd unit fails, and when it works again.

    failure_notice.py CONFIG UNIT

systemd starts it after each run of the unit, successful or not. The first failure is published, and the first success
after it; a file in $STATE_DIRECTORY marks a published failure. One JSON line reports what was done; if the message
can't be published the exit status is 1 and the next run of the unit tries again.

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

COMMAND_TIMEOUT = 10
JOURNAL_LINES = 5  # of the unit's journal
MAX_TEXT = 10_000


class NotificationError(Exception):
    """A notification that could not be published; one sentence for the journal."""


def run_command(*command: str) -> str:
    """The output of a command of systemd. Raises NotificationError."""
    try:
        # A journal may hold bytes that are no text.
        how = {"capture_output": True, "text": True, "errors": "replace", "timeout": COMMAND_TIMEOUT}
        done = subprocess.run(command, check=False, **how)
    except (OSError, subprocess.SubprocessError) as error:
        raise NotificationError(f"{' '.join(command)} did not run: {error}") from error
    if done.returncode:
        raise NotificationError(f"{' '.join(command)} failed with status {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


def get_result(unit: str) -> str:
    """The Result of the unit's last run: `success`, or how it failed (systemctl(1), systemd.exec(5))."""
    return run_command("systemctl", "show", "--property=Result", "--value", unit)


def failure_message(name: str, unit: str, result: str) -> tuple[str, str]:
    """Subject and text."""
    journal = run_command("journalctl", "--unit", unit, "--lines", str(JOURNAL_LINES), "--output", "cat", "--no-pager")
    text = f"{unit} on {socket.gethostname()} has failed: {result}. The last lines of its journal:\n\n{journal}\n\n"
    end = "No further notification follows until it works again, even if it goes on failing."
    return f"{name}: {unit} fails", f"{text[:MAX_TEXT]}{end}\n"


def recovery_message(name: str, unit: str) -> tuple[str, str]:
    """Subject and text."""
    return f"{name}: {unit} works again", f"{unit} on {socket.gethostname()} works again.\n"


def publish(config: dict[str, Any], subject: str, text: str) -> None:
    """Publish a message with the instance's role. Raises NotificationError."""
    import boto3  # noqa: PLC0415  (slow to import, and seldom needed)
    from botocore.config import Config as ClientConfig  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    client_config = ClientConfig(connect_timeout=5, read_timeout=10, retries={"max_attempts": 4, "mode": "standard"})
    topic = config["topic_arn"]
    try:
        client = boto3.client(
            "sns", topic.split(":")[3], endpoint_url=config["endpoint_url"] or None, config=client_config
        )
        # Longer subjects are refused (SNS API Reference, "Publish").
        client.publish(TopicArn=topic, Subject=subject[:99], Message=text)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise NotificationError(f"Could not publish to {topic}: {error}") from error


def notify(config: dict[str, Any], unit: str, marker: Path) -> str:
    """Publish a change of the unit; returns what was published. The file `marker` exists from failure to recovery."""
    result = get_result(unit)
    failed = result != "success"
    if failed == marker.exists():
        return "nothing new"
    message = failure_message(config["name"], unit, result) if failed else recovery_message(config["name"], unit)
    publish(config, *message)
    if failed:
        marker.touch()
    else:
        marker.unlink()
    return "it fails" if failed else "it works again"


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Publish to an SNS topic when a unit fails and when it works again.")
    parser.add_argument("config", type=Path)
    parser.add_argument("unit")
    options = parser.parse_args(arguments)
    try:
        marker = Path(os.environ["STATE_DIRECTORY"], options.unit)
        published = notify(json.loads(options.config.read_text()), options.unit, marker)
    except (NotificationError, OSError, ValueError, LookupError) as error:
        print(json.dumps({"event": "failed", "unit": options.unit, "reason": str(error)}), file=sys.stderr)
        return 1
    print(json.dumps({"event": "done", "unit": options.unit, "published": published}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
