"""The names of what a deployment makes: where they stand, and that AWS takes them."""

from __future__ import annotations

import re

import pytest
from ansible_collections.bioviewers.aws.plugins.filter.resource_names import FilterModule
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment import names

resource_names = FilterModule().filters()["resource_names"]
LONGEST = "p" * 20


def test_names_begin_with_the_project():
    held = names.names("lab", "123456789012", "eu-central-1")
    assert {name for name in held.values() if not re.match(r"/?(aws/lambda/)?lab\b", name)} == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("load_balancer", "lab"),
        ("target_group_prefix", "lab-https-"),
        ("sign_in_function", "lab-sign-in"),
        ("failure_topic", "lab-failures"),
        ("signing_key_path", "/lab/cookie-signing-keys"),
        ("staging_bucket", "lab-ssm-123456789012-eu-central-1"),
        ("igv", "lab-igv"),
    ],
)
def test_the_filter_gives_the_same(name, value):
    assert resource_names("lab", 123456789012, "eu-central-1")[name] == value


def test_a_bucket_has_a_name_only_with_account_and_region():
    assert "staging_bucket" not in resource_names("lab")


@pytest.mark.parametrize(
    ("key", "ours"), [("lab-k1-0123456789ab", True), ("lab-k1-0123", False), ("lab-k12-0123456789ab", False)]
)
def test_the_pattern_of_a_public_key(key, ours):
    assert bool(re.match(names.names("lab")["public_key_pattern"] % "k1", key)) is ours


def test_no_name_is_longer_than_aws_takes():
    held = names.names(LONGEST, "123456789012", "ap-southeast-1")
    assert len(held["target_group_prefix"] + "8443") <= 32
    assert len(held["staging_bucket"]) <= 63
    assert len(held["sign_in_role"]) <= 64
