"""Failure notifications on the host, with systemd played by scripts and SNS by moto; and verify's claims on them."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import boto3
import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Skipped
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.instance import verify as verify_instance
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.notifications import (
    verify as verify_notifications,
)

from tests.unit.deployment.verify_fakes import context_of
from tests.unit.roles.refused_settings import refusals

sys.path.insert(0, str(Path(__file__).parents[3] / "roles" / "failure_notice" / "files"))

import failure_notice as program

TOPIC = "arn:aws:sns:us-east-1:111122223333:lab-failures"
UNIT = "signed-cookies.service"
SCRIPTS = {
    "systemctl": '[ "$*" = "show --property=Result --value {unit}" ] && cat {folder}/result',
    "journalctl": "printf 'a line of the journal\\n\\377\\n'; echo \"$*\" >> {folder}/asked",
}


class Host:
    """A unit whose result is what a test says, and the mails that are sent of it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.sent, self.refused = folder, [], False
        for name, script in SCRIPTS.items():
            text = script.replace("{unit}", UNIT).replace("{folder}", str(folder))
            (folder / name).write_text(f"#!/bin/sh\n{text}\n")
            (folder / name).chmod(0o755)
        patch.setenv("PATH", str(folder), prepend=":")
        patch.setenv("STATE_DIRECTORY", str(folder))
        patch.setattr(program, "publish", self.publish)
        (folder / "config.json").write_text(json.dumps({"topic_arn": TOPIC, "name": "lab", "endpoint_url": ""}))

    def publish(self, _config: dict, subject: str, text: str) -> None:
        if self.refused:
            raise program.NotificationError("Throttling")
        self.sent.append((subject, text))

    def ends(self, result: str) -> int:
        (self.folder / "result").write_text(f"{result}\n")
        return program.main([str(self.folder / "config.json"), UNIT])


@pytest.fixture
def host(tmp_path, monkeypatch) -> Host:
    return Host(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("results", "subjects"),
    [
        (["success", "success"], []),
        (["exit-code"], ["fails"]),
        (["exit-code"] * 6, ["fails"]),
        (["exit-code", "timeout", "success", "success"], ["fails", "works again"]),
        (["exit-code", "success", "signal", "success"], ["fails", "works again"] * 2),
    ],
    ids=["well", "fails", "goes on failing", "fails and is well", "twice"],
)
def test_what_begins_is_told_and_what_goes_on_is_not(host, results, subjects):
    assert [host.ends(result) for result in results] == [0] * len(results)
    assert [subject for subject, _text in host.sent] == [f"lab: {UNIT} {subject}" for subject in subjects]


def test_a_failure_is_told_with_its_kind_and_the_journal(host):
    host.ends("exit-code")
    ((_subject, text),) = host.sent
    assert f"{UNIT} on " in text
    assert "has failed: exit-code" in text
    assert "a line of the journal" in text
    assert (host.folder / "asked").read_text() == f"--unit {UNIT} --lines 5 --output cat --no-pager\n"


@pytest.mark.parametrize("first", ["exit-code", "success"])
def test_what_could_not_be_told_is_told_with_the_next_run(host, first, capsys):
    if first == "success":
        host.ends("exit-code")
    host.refused, before = True, len(host.sent)
    assert [host.ends(first), host.ends(first)] == [1, 1]
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["reason"] == "Throttling"
    host.refused = False
    assert host.ends(first) == 0
    assert len(host.sent) == before + 1


@pytest.mark.parametrize("broken", ["systemctl", "journalctl"])
def test_systemd_that_does_not_answer_is_a_failure(host, broken, capsys):
    (host.folder / broken).write_text("#!/bin/sh\nexit 4\n")
    assert host.ends("exit-code") == 1
    assert broken in json.loads(capsys.readouterr().err)["reason"]
    assert host.sent == []


def test_sns_gets_it(moto, monkeypatch):
    for name, value in {"ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s", "EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    client = boto3.client("sns", "us-east-1", endpoint_url=moto)
    topic = client.create_topic(Name="lab-failures")["TopicArn"]
    config = {"topic_arn": topic, "endpoint_url": moto}
    program.publish(config, "lab: " + "x" * 200, "text")
    with pytest.raises(program.NotificationError, match=r"Could not publish to .*lab-others: .*NotFound"):
        program.publish({**config, "topic_arn": topic.replace("failures", "others")}, "s", "t")


def test_program_is_python_3_10():
    ast.parse(Path(program.__file__).read_text(), feature_version=(3, 10))


GOOD = {"failure_notice_topic_arn": TOPIC, "failure_notice_name": "lab-viewer"}
BAD = {
    "failure_notice_topic_arn": ["lab-failures", "arn:aws:sqs:us-east-1:111122223333:lab"],
    "failure_notice_name": ["", "-lab", "a" * 41],
    "failure_notice_endpoint_url": ["10.0.0.1:80"],
}


def test_settings_that_are_refused():
    for name, value, said in refusals("failure_notice", GOOD, BAD):
        assert said.startswith(f"{name} "), (name, value)


# --- what verify says

ADA, BOB = "ada@lab.test", "bob@lab.test"


def topic(*subscriptions: tuple[str, str], key: str = "alias/aws/sns") -> dict:
    listed = [{"Endpoint": address, "SubscriptionArn": arn, "Protocol": "email"} for address, arn in subscriptions]
    attributes = {"TopicArn": TOPIC, **({"KmsMasterKeyId": key} if key else {})}
    return {
        "list_topics": {"Topics": [{"TopicArn": TOPIC}]},
        "get_topic_attributes": {"Attributes": attributes},
        "list_subscriptions_by_topic": {"Subscriptions": listed},
    }


CONFIRMED = [(ADA, f"{TOPIC}:1"), (BOB, f"{TOPIC}:2")]


@pytest.mark.parametrize(
    ("answers", "wanted", "wrong"),
    [
        ({"list_topics": {"Topics": [{"TopicArn": f"{TOPIC}-of-others"}]}}, [], []),
        ({"list_topics": {"Topics": [{"TopicArn": f"{TOPIC}-of-others"}]}}, [ADA], [f"there is no topic {TOPIC}"]),
        (topic(*CONFIRMED), [ADA, BOB], []),
        (topic(*CONFIRMED, key=""), [ADA, BOB], ["the topic is not encrypted"]),
        (topic(*CONFIRMED), [ADA], [f"{BOB} is told, too"]),
        (topic(CONFIRMED[0]), [ADA, BOB], [f"{BOB} is not subscribed"]),
        (topic(CONFIRMED[0], (BOB, "PendingConfirmation")), [ADA], []),
    ],
    ids=["nobody", "no topic", "both", "not encrypted", "one too many", "one too few", "one who was never told"],
)
def test_verify_says_who_is_told(answers, wanted, wrong):
    assert list(verify_notifications.notices(context_of(answers, failure_emails=wanted))) == wrong


def test_verify_leaves_open_whom_aws_still_asks():
    context = context_of(topic(CONFIRMED[0], (BOB, "PendingConfirmation")), failure_emails=[ADA, BOB])
    with pytest.raises(Skipped, match=f"{BOB} has not followed the link"):
        list(verify_notifications.notices(context))


@pytest.mark.parametrize(
    ("statement", "right"),
    [
        ({"Effect": "Allow", "Action": "sns:Publish", "Resource": [TOPIC]}, True),
        ({"Effect": "Allow", "Action": "sns:*", "Resource": TOPIC}, False),
        ({"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}, False),
    ],
    ids=["one topic", "every action", "every topic"],
)
def test_verify_reads_what_the_instance_may_tell(statement, right):
    assert (list(verify_instance.publishable([statement], TOPIC)) == []) is right
