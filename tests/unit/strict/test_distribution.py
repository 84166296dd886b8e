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
