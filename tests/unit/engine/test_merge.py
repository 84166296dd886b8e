"""What the engine does with data, as tables."""

from __future__ import annotations

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Spelling, dig, masked, merge


@pytest.mark.parametrize(
    ("held", "asked", "result"),
    [
        pytest.param({"A": 1, "B": 2}, {"A": 3}, {"A": 3, "B": 2}, id="what was not asked for stays"),
        pytest.param({"A": 1}, {}, {"A": 1}, id="nothing asked"),
        pytest.param({}, {"A": {"B": 1}}, {"A": {"B": 1}}, id="nothing held"),
        pytest.param({"A": {"B": 1, "C": 2}}, {"A": {"C": 3}}, {"A": {"B": 1, "C": 3}}, id="also further down"),
        pytest.param({"A": None}, {"A": {"B": 1}}, {"A": {"B": 1}}, id="held without a value"),
        pytest.param({"A": True}, {"A": False}, {"A": False}, id="false was asked for"),
        pytest.param({"A": "x"}, {"A": ""}, {"A": ""}, id="empty was asked for"),
        pytest.param({"A": ["x", "y"]}, {"A": ["y", "x"]}, {"A": ["x", "y"]}, id="order of strings means nothing"),
        pytest.param({"A": ["x", "y"]}, {"A": ["y"]}, {"A": ["y"]}, id="a list replaces"),
        pytest.param({"A": ["x"]}, {"A": []}, {"A": []}, id="an empty list empties"),
        pytest.param({"A": []}, {"A": []}, {"A": []}, id="empty twice"),
        pytest.param(
            {"A": [{"Id": "a", "x": 1, "y": 2}, {"Id": "b", "x": 1}]},
            {"A": [{"Id": "b", "x": 1}, {"Id": "a", "y": 3}]},
            {"A": [{"Id": "a", "x": 1, "y": 3}, {"Id": "b", "x": 1}]},
            id="objects merge by Id, in the order held",
        ),
        pytest.param(
            {"A": [{"Id": "a", "x": 1}, {"Id": "b", "x": 1}]},
            {"A": [{"Id": "c"}, {"Id": "b"}]},
            {"A": [{"Id": "c"}, {"Id": "b", "x": 1}]},
            id="objects not named leave",
        ),
        pytest.param(
            {"A": [{"PathPattern": "/a", "x": 1}, {"PathPattern": "/b", "x": 2}]},
            {"A": [{"PathPattern": "/b"}, {"PathPattern": "/a"}]},
            {"A": [{"PathPattern": "/b", "x": 2}, {"PathPattern": "/a", "x": 1}]},
            id="order of path patterns decides",
        ),
        pytest.param(
            {"A": [{"Name": "email", "Priority": 1}]},
            {"A": [{"Name": "email", "Priority": 2}]},
            {"A": [{"Name": "email", "Priority": 2}]},
            id="objects merge by Name",
        ),
        pytest.param({"A": [{"x": 1}]}, {"A": [{"y": 2}]}, {"A": [{"y": 2}]}, id="objects without a name replace"),
        pytest.param({"A": [1, 2]}, {"A": {"B": 1}}, {"A": {"B": 1}}, id="another type replaces"),
    ],
)
def test_merge(held, asked, result):
    assert merge(held, asked) == result
    assert merge(result, asked) == result, "a second time changes nothing"


def test_merge_leaves_its_arguments_alone():
    held, asked = {"A": {"B": [1]}}, {"A": {"B": [2]}}
    merge(held, asked)
    assert (held, asked) == ({"A": {"B": [1]}}, {"A": {"B": [2]}})


SPELLING = Spelling(
    {"callback_urls": "CallbackURLs", "is_ipv6_enabled": "IsIPV6Enabled", "arn": "ARN"},
    verbatim=frozenset({"AttributeMapping"}),
)


@pytest.mark.parametrize(
    ("options", "api"),
    [
        ({"domain_name": "a"}, {"DomainName": "a"}),
        ({"is_ipv6_enabled": False}, {"IsIPV6Enabled": False}),
        ({"arn": "x"}, {"ARN": "x"}),
        ({"callback_urls": ["https://a"]}, {"CallbackURLs": ["https://a"]}),
        ({"origins": [{"origin_path": ""}]}, {"Origins": [{"OriginPath": ""}]}),
        ({"attribute_mapping": {"custom:a_b": "sub"}}, {"AttributeMapping": {"custom:a_b": "sub"}}),
    ],
)
def test_spelling_goes_both_ways(options, api):
    assert SPELLING.api(options) == api
    assert SPELLING.snake(api) == options


def test_an_option_without_a_value_was_not_asked_for():
    assert SPELLING.api({"a": None, "b": {"c": None, "d": 0}}) == {"B": {"D": 0}}


def test_masked_at_any_depth():
    config = {"ClientSecret": "s3cret", "Providers": [{"Details": {"ClientSecret": "x", "ClientId": "y"}}]}
    hidden = masked(config, frozenset({"ClientSecret"}))
    assert hidden == {
        "ClientSecret": "(hidden)",
        "Providers": [{"Details": {"ClientSecret": "(hidden)", "ClientId": "y"}}],
    }


@pytest.mark.parametrize(
    ("config", "path", "value"),
    [({"A": {"B": 1}}, "A.B", 1), ({"A": 1}, "A", 1), ({}, "A.B", None), ({"A": None}, "A.B", None), (None, "A", None)],
)
def test_dig(config, path, value):
    assert dig(config, path) == value
