"""acm_certificate: DNS-validated certificates, known by their exact set of names."""

from __future__ import annotations

import functools

import pytest
from ansible_collections.bioviewers.aws.plugins.modules.acm_certificate import (
    Certificate,
    all_names,
    best,
    dns_validated,
    records,
    request_token,
)
from moto import settings

NAMES = {"domain_name": "lab.example.org", "subject_alternative_names": ["*.lab.example.org"]}
RECORD = {"Name": "_a.lab.example.org.", "Type": "CNAME", "Value": "_b.acm-validations.aws."}
OTHER = {"Name": "_c.example.org.", "Type": "CNAME", "Value": "_d.acm-validations.aws."}


@pytest.mark.parametrize(
    ("domain", "others", "expected"),
    [
        ("a.org", [], ["a.org"]),
        ("a.org", ["a.org"], ["a.org"]),
        ("A.org", ["*.a.ORG"], ["*.a.org", "a.org"]),
        ("b.org", ["c.org", "a.org"], ["a.org", "b.org", "c.org"]),
    ],
)
def test_names_have_one_form(domain, others, expected):
    assert all_names({"DomainName": domain, "SubjectAlternativeNames": others}) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([{"ResourceRecord": RECORD}, {"ResourceRecord": dict(RECORD)}], [RECORD]),
        ([{"ResourceRecord": OTHER}, {"ResourceRecord": RECORD}], [RECORD, OTHER]),
        ([{"ResourceRecord": RECORD}, {}], None),
        ([], None),
    ],
)
def test_each_record_comes_once_and_only_when_all_are_told(options, expected):
    assert records({"DomainValidationOptions": options}) == expected


def certificate(name, status, in_use=False, created=0):
    return {"Name": name, "Status": status, "InUseBy": ["listener"] * in_use, "CreatedAt": created}


@pytest.mark.parametrize(
    ("candidates", "taken"),
    [
        ([], None),
        ([("pending", "PENDING_VALIDATION", False, 1), ("issued", "ISSUED", False, 2)], "issued"),
        ([("old", "ISSUED", False, 1), ("used", "ISSUED", True, 2)], "used"),
        ([("new", "ISSUED", False, 2), ("old", "ISSUED", False, 1)], "old"),
    ],
)
def test_the_best_of_several_is_taken(candidates, taken):
    found = best([certificate(*candidate) for candidate in candidates])
    assert (found and found["Name"]) == taken


@pytest.mark.parametrize(
    ("kind", "methods", "ours"),
    [
        ("AMAZON_ISSUED", ["DNS", "DNS"], True),
        ("AMAZON_ISSUED", ["EMAIL"], False),
        ("IMPORTED", [], False),
        ("PRIVATE", [], False),
    ],
)
def test_only_certificates_validated_by_dns_are_ours(kind, methods, ours):
    options = [{"ValidationMethod": method} for method in methods]
    assert dns_validated({"Type": kind, "DomainValidationOptions": options}) is ours


def test_the_token_holds_for_seconds_not_for_an_hour():
    assert request_token(["a.org"], 100) == request_token(["a.org"], 109)
    assert request_token(["a.org"], 100) != request_token(["a.org"], 120)
    assert request_token(["a.org"], 100) != request_token(["b.org"], 100)
    assert len(request_token(["a.org"], 100)) == 32


@pytest.fixture
def acm(client):
    return client("acm")


@pytest.fixture
def run(run_module):
    return functools.partial(run_module, "acm_certificate", **NAMES)


@pytest.fixture
def no_waiting(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def arns(acm):
    return [item["CertificateArn"] for item in acm.list_certificates()["CertificateSummaryList"]]


def tags(acm, arn):
    return {tag["Key"]: tag["Value"] for tag in acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]}


def test_tags_change_without_a_new_certificate(run, acm):
    arn = run(tags={"project": "lab"})["certificate"]["arn"]
    retagged = run(tags={"owner": "ann"}, purge_tags=True)
    assert retagged["changed"]
    assert retagged["diff"]["before"]["tags"] == {"project": "lab"}
    assert retagged["diff"]["after"]["tags"] == {"owner": "ann"}
    assert tags(acm, arn) == {"owner": "ann"}
    assert run(tags={"more": 1})["changed"]
    assert tags(acm, arn) == {"owner": "ann", "more": "1"}
    assert arns(acm) == [arn]


def test_a_later_run_waits_for_the_issue(run, monkeypatch):
    arn = run()["certificate"]["arn"]
    monkeypatch.setattr(settings, "ACM_VALIDATION_WAIT", 0)
    waited = run(wait=True)
    assert not waited["changed"]
    assert waited["certificate"]["status"] == "ISSUED"
    assert waited["certificate"]["arn"] == arn


def test_other_names_are_another_certificate(run, acm):
    one = run()["certificate"]
    two = run(subject_alternative_names=[])
    assert two["changed"]
    assert sorted(arns(acm)) == sorted([one["arn"], two["certificate"]["arn"]])
    assert not run(subject_alternative_names=["LAB.example.org", "*.lab.example.org"])["changed"]


def test_each_region_has_its_own(run, client):
    here, there = run(region="us-east-1")["certificate"], run(region="eu-central-1")["certificate"]
    assert arns(client("acm", region_name="us-east-1")) == [here["arn"]]
    assert arns(client("acm", region_name="eu-central-1")) == [there["arn"]]


def test_one_in_use_stays(run, acm, client):
    arn = run()["certificate"]["arn"]
    subnets = [subnet["SubnetId"] for subnet in client("ec2").describe_subnets()["Subnets"][:2]]
    balancer = client("elbv2").create_load_balancer(Name="lab", Subnets=subnets)["LoadBalancers"][0]
    listener = client("elbv2").create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )["Listeners"][0]
    refused = run(state="absent")
    assert refused["failed"]
    assert f"It is in use by {listener['ListenerArn']}. Take it from there first." in refused["msg"]
    assert arns(acm) == [arn]


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ({"Status": "FAILED", "FailureReason": "CAA_ERROR"}, "It is FAILED (CAA_ERROR). Correct the cause"),
        ({"Status": "VALIDATION_TIMED_OUT"}, "It is VALIDATION_TIMED_OUT. Correct the cause"),
        ({"Status": "PENDING_VALIDATION"}, "Not issued (are its resource_records public?) after 30 seconds."),
    ],
)
def test_waiting_in_vain_says_why(run, no_waiting, monkeypatch, described, message):
    run()
    clock = iter(range(0, 100000, 10))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    alter(monkeypatch, after=2, **described)
    failed = run(wait=True, wait_timeout=30)
    assert failed["msg"].startswith("Failed to wait for certificate lab.example.org: ")
    assert message in failed["msg"]


def test_records_that_come_late_are_waited_for(run, no_waiting, monkeypatch):
    described = Certificate._describe
    seen = []

    def late(self, arn):
        seen.append(arn)
        if len(seen) == 1:
            return None
        found = described(self, arn)
        return {**found, "DomainValidationOptions": [{"DomainName": "x"}]} if len(seen) == 2 else found

    monkeypatch.setattr(Certificate, "_describe", late)
    assert len(run()["certificate"]["resource_records"]) == 1
    assert len(seen) == 3


def alter(monkeypatch, after=0, **facts):
    """Let AWS describe certificates with these facts, from the `after`th time on."""
    described, times = Certificate._describe, iter(range(1000))

    def altered(self, arn):
        return {**described(self, arn), **(facts if next(times) >= after else {})}

    monkeypatch.setattr(Certificate, "_describe", altered)


@pytest.fixture
def described(monkeypatch):
    """What AWS tells of a certificate besides what the emulator does; the requests that were made."""
    real, told, requests = Certificate.call, {}, []

    def call(self, operation, **request):
        requests.append((operation, request))
        if operation == "update_certificate_options":
            told["Options"] = request["Options"]
            return {}
        if operation == "request_certificate":
            told["KeyAlgorithm"] = request.get("KeyAlgorithm", "RSA_2048").replace("RSA_", "RSA-")
        answer = real(self, operation, **request)
        if operation == "describe_certificate":
            answer["Certificate"].update(told)
        return answer

    monkeypatch.setattr(Certificate, "call", call)
    return requests


def test_the_kind_of_key_tells_certificates_apart(run_module, described):
    run = functools.partial(run_module, "acm_certificate", **NAMES)
    made = run(key_algorithm="RSA_2048")
    assert (made["changed"], made["certificate"]["key_algorithm"]) == (True, "RSA_2048")
    assert not run(key_algorithm="RSA_2048")["changed"], "AWS describes it as RSA-2048"
    assert not run()["changed"], "any will do"
    assert not run(check_mode=True, key_algorithm="EC_prime256v1", state="absent")["changed"]
    other = run(check_mode=True, key_algorithm="EC_prime256v1")
    assert (other["changed"], other["diff"]["before"]) == (True, {})
    assert [request["KeyAlgorithm"] for name, request in described if name == "request_certificate"] == ["RSA_2048"]


def test_public_logs_are_a_setting(run_module, described):
    run = functools.partial(run_module, "acm_certificate", **NAMES)
    run()
    asked = {"options": {"certificate_transparency_logging_preference": "DISABLED"}}
    foreseen, done, again = run(check_mode=True, **asked), run(**asked), run(**asked)
    assert (foreseen["changed"], done["changed"], again["changed"]) == (True, True, False)
    assert foreseen["diff"] == done["diff"]
    (update,) = [request for name, request in described if name == "update_certificate_options"]
    assert update["Options"] == {"CertificateTransparencyLoggingPreference": "DISABLED"}
    assert not run()["changed"]
