"""AWS as checks read from it: asked too often, it is asked again."""

from __future__ import annotations

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.reader import AwsReader
from botocore.exceptions import ClientError

from tests.unit.deployment.verify_fakes import aws_error


class Client:
    """Refuses so many calls before it answers."""

    def __init__(self, times: int, code: str) -> None:
        self.refusals = [aws_error(code)] * times

    def get_distribution(self, **request: str) -> dict[str, str]:
        if self.refusals:
            raise self.refusals.pop()
        return request


def asked(client: Client) -> dict[str, str]:
    return AwsReader(lambda *_args, **_more: client).call("cloudfront", "get_distribution", Id="E1")


@pytest.fixture(autouse=True)
def slept(monkeypatch):
    seconds = []
    monkeypatch.setattr("time.sleep", seconds.append)
    return seconds


@pytest.mark.parametrize("code", ["Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown"])
def test_who_asks_too_often_asks_again(slept, code):
    assert asked(Client(3, code)) == {"Id": "E1"}
    assert len(slept) == 3


def test_other_refusals_are_told_at_once(slept):
    with pytest.raises(ClientError, match="NoSuchDistribution"):
        asked(Client(1, "NoSuchDistribution"))
    assert slept == []
