"""cloudfront_distribution: what is new in one that is there, and what others do to it meanwhile."""

from __future__ import annotations

import pytest

from tests import modules
from tests.unit.strict.cloudfront import BEHAVIOR, CUSTOM, ORIGIN
from tests.unit.strict.tables.cloudfront_distribution import before

NAME = "lab-viewer"
BUCKET = {"id": "old", "domain_name": "old.s3.us-east-1.amazonaws.com"}
ORIGINS = {
    "a bucket": {"id": "new", "domain_name": "new.s3.us-east-1.amazonaws.com"},
    "a web server": {"id": "new", "domain_name": "new.example.org", "custom_origin_config": {"http_port": 8080}},
}


def run(**asked):
    result = modules.run("cloudfront_distribution", name=NAME, **asked)
    assert "msg" not in result, result["msg"]
    return result


@pytest.fixture
def made(account):
    before(account)
    return run(origins=[BUCKET], default_cache_behavior={"target_origin_id": "old"})["distribution"]


@pytest.mark.parametrize("kind", ORIGINS)
def test_what_is_new_is_complete(account, made, kind):
    behavior = {"target_origin_id": "new"}
    behaviors = [{**behavior, "path_pattern": "/new/*"}]
    asked = {"origins": [ORIGINS[kind]], "default_cache_behavior": behavior, "cache_behaviors": behaviors}
    done = run(**asked)
    assert done["changed"]
    assert not run(**asked)["changed"]
    asked_of_aws = account.cloudfront.updates[-1]
    (origin,), (behavior,) = (asked_of_aws[part]["Items"] for part in ("Origins", "CacheBehaviors"))
    assert ORIGIN.keys() <= origin.keys(), "every member that GetDistribution tells of an old one"
    assert BEHAVIOR.keys() <= behavior.keys()
    assert CUSTOM.keys() <= origin.get("CustomOriginConfig", CUSTOM).keys()


USED = {
    "cloudfront_key_group": {"public_key_ids": ["K1"]},
    "cloudfront_origin_access_control": {"signing_protocol": "sigv4"},
    "cloudfront_response_headers_policy": {"remove_headers_config": [{"header": "Server"}]},
}


@pytest.mark.parametrize("kind", USED)
def test_what_it_used_goes_right_after_it(account, kind):
    before(account)
    used = modules.run(kind, name="used", **USED[kind])
    (made,) = (value["id"] for key, value in used.items() if isinstance(value, dict) and "id" in value)
    origin = {**BUCKET, **({"origin_access_control_id": made} if kind.endswith("access_control") else {})}
    behavior = {"target_origin_id": "old"}
    behavior |= {"trusted_key_groups": [made]} if kind.endswith("key_group") else {}
    behavior |= {"response_headers_policy_id": made} if kind.endswith("policy") else {}
    run(origins=[origin], default_cache_behavior=behavior)
    run(state="absent")
    assert modules.run(kind, name="used", state="absent").get("changed")


def test_what_is_listed_though_it_is_gone_is_not_there(account, made):
    run(state="absent")
    assert not run(state="absent")["changed"]
    assert run(origins=[BUCKET], default_cache_behavior={"target_origin_id": "old"})["changed"]


def written_by_others(account, monkeypatch, operation, times=1):
    """Right before so many calls of the operation somebody else sets a price class."""
    answer, left = account.answer, [None] * times

    def after_theirs(client, called, request):
        if called == operation and left:
            left.pop()
            record = account.held["Distribution"][request["Id"]]
            record["config"] = {**record["config"], "PriceClass": "PriceClass_200"}
            record["etag"] = f"theirs{len(left)}"
        return answer(client, called, request)

    monkeypatch.setattr(account, "answer", after_theirs)


def test_what_somebody_else_set_in_between_stays(account, made, monkeypatch):
    written_by_others(account, monkeypatch, "UpdateDistribution")
    assert run(comment="ours")["changed"]
    held = account.held["Distribution"][made["id"]]["config"]
    assert (held["Comment"], held["PriceClass"]) == ("ours", "PriceClass_200")


@pytest.mark.parametrize("operation", ["UpdateDistribution", "DeleteDistribution"])
def test_it_goes_although_somebody_else_wrote_in_between(account, made, monkeypatch, operation):
    written_by_others(account, monkeypatch, operation)
    assert run(state="absent")["changed"]
    assert made["id"] not in account.held["Distribution"]


def test_a_wait_is_for_the_last_update_also_where_an_older_state_is_told(account, made):
    run(wait=True)
    account.settle()
    account.lag = 4
    written = run(comment="ours")["distribution"]["last_modified_time"]
    waited = run(wait=True, last_modified_time=written)
    assert waited["distribution"]["comment"] == "ours"
