"""With latencies the sandbox tells of what is new that it is in the making, and of what is old that it is there."""

from __future__ import annotations

import datetime
import json

import pytest

from sandbox.api import latencies

SECONDS = {"certificate": 60, "load_balancer": 120, "distribution": 240, "instance": 45}


def ago(seconds: float) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds)


def xml(root: str, namespace: str, inner: str) -> bytes:
    return f'<{root} xmlns="{namespace}">{inner}</{root}>'.encode()


def balancer(age: float) -> bytes:
    member = f"<CreatedTime>{ago(age).isoformat()}</CreatedTime><State><Code>active</Code></State>"
    return xml("Answer", "urn:elb", f"<LoadBalancers><member>{member}</member></LoadBalancers>")


def instance(age: float) -> bytes:
    state = "<instanceState><code>16</code><name>running</name></instanceState>"
    return xml("Answer", "urn:ec2", f"<item><launchTime>{ago(age):%Y-%m-%dT%H:%M:%S.000Z}</launchTime>{state}</item>")


def distribution(age: float) -> bytes:
    changed = f"<LastModifiedTime>{ago(age):%Y-%m-%dT%H:%M:%SZ}</LastModifiedTime>"
    return xml("Distribution", "urn:cloudfront", f"<Status>Deployed</Status>{changed}")


def certificate(age: float) -> bytes:
    names = [{"DomainName": "lab.example.org", "ValidationStatus": "SUCCESS"}]
    told = {"CreatedAt": ago(age).timestamp(), "Status": "ISSUED", "DomainValidationOptions": names}
    return json.dumps({"Certificate": told}).encode()


@pytest.mark.parametrize(
    ("answer", "tell", "latency", "done", "in_the_making"),
    [
        (("elasticloadbalancing", "DescribeLoadBalancers"), balancer, 120, b">active<", b">provisioning<"),
        (("ec2", "DescribeInstances"), instance, 45, b">running<", b">pending<"),
        (("cloudfront", "GetDistribution"), distribution, 240, b">Deployed<", b">InProgress<"),
        (("acm", "DescribeCertificate"), certificate, 60, b'"ISSUED"', b'"PENDING_VALIDATION"'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_new_is_in_the_making(monkeypatch, answer, tell, latency, done, in_the_making):
    monkeypatch.setattr(latencies, "SECONDS", SECONDS)
    old, new = (latencies.CORRECTIONS[answer](tell(age)) for age in (latency + 2, latency - 5))
    assert (done in old, in_the_making in old) == (True, False)
    assert (done in new, in_the_making in new) == (False, True)


def test_without_the_setting_nothing_takes_time():
    assert latencies.SECONDS == {}
    assert b">active<" in latencies.CORRECTIONS["elasticloadbalancing", "DescribeLoadBalancers"](balancer(0))


def test_a_kind_that_is_not_known_is_refused():
    assert latencies.read("certificate=60 instance=1.5") == {"certificate": 60, "instance": 1.5}
    with pytest.raises(ValueError, match="not cluster"):
        latencies.read("cluster=1")
