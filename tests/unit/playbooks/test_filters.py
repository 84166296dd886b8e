"""What the filters for playbooks and roles return, case by case."""

from __future__ import annotations

import importlib

import pytest


def filtered(name, *arguments):
    plugin = importlib.import_module(f"ansible_collections.bioviewers.aws.plugins.filter.{name}")
    return plugin.FilterModule().filters()[name](*arguments)


FAILURES = [{"pattern": "Access(Denied|Refused)", "means": "a"}, {"pattern": "Denied", "means": "b"}]
LIST = {"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket"}
READ = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject"}


@pytest.mark.parametrize(
    ("variables", "changes"),
    [
        ({}, []),
        ({"__network_instance_group": {"changed": True}}, ["network instance group"]),
        ({"__network_b": {"changed": True}, "__network_a": {"changed": True}}, ["network a", "network b"]),
        ({"__network_instance_group": {"changed": False}, "__network_vpc": {"skipped": True}}, []),
        ({"__network_name": "lab", "instances": {"changed": True}, "__Odd": {"changed": True}}, []),
    ],
)
def test_changes(variables, changes):
    assert filtered("changes", variables) == changes


@pytest.mark.parametrize(
    ("text", "means"), [("AccessDenied", "a"), ("it was Denied", "b"), ("all is well", None), ("", None)]
)
def test_first_matching(text, means):
    assert filtered("first_matching", text, FAILURES).get("means") == means


def test_format_each():
    held = [{"kind": "disk", "name": "vol-1", "costs": True}, {"kind": "log", "name": "/a", "costs": False}]
    assert filtered("format_each", held, "  {kind}  {name}") == ["  disk  vol-1", "  log  /a"]
    assert filtered("format_each", [], "{kind}") == []


@pytest.mark.parametrize(
    ("enabled", "refusal", "end"),
    [
        (True, "", "yes      2026-01-01T00:00  yes"),
        (True, "Not on the list", "yes      2026-01-01T00:00  no. Not on the list"),
        (False, "", "no       2026-01-01T00:00  no. Disabled"),
        (False, "Not on the list", "no       2026-01-01T00:00  no. Disabled"),
    ],
)
def test_user_rows(enabled, refusal, end):
    user = {"email": "ada@example.org", "status": "CONFIRMED", "providers": ["Google"], "enabled": enabled}
    head, row = filtered("user_rows", [{**user, "changed_at": "2026-01-01T00:00:59+00:00"}], [refusal])
    assert head.split() == ["address", "status", "provider", "enabled", "changed", "allowed"]
    assert row == f"{'ada@example.org':36}  {'CONFIRMED':22}  Google    {end}"


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (5, [5]), (6, [5, 1]), (11, [5, 5, 1])])
def test_a_listener_rule_has_at_most_five_patterns(count, sizes):
    patterns = [f"/{number}" for number in range(count)]
    rules = filtered("listener_rules", patterns, [{"Type": "forward"}], 10)
    values = [rule["Conditions"][0]["PathPatternConfig"]["Values"] for rule in rules]
    assert [len(each) for each in values] == sizes
    assert [pattern for each in values for pattern in each] == patterns
    assert [rule["Priority"] for rule in rules] == [*range(10, 10 + len(sizes))]


@pytest.mark.parametrize(
    ("bucket", "statements"),
    [
        (
            {"name": "b"},
            [{**READ, "Resource": ["arn:aws:s3:::b/*"]}, {**LIST, "Resource": ["arn:aws:s3:::b"]}],
        ),
        (
            {"name": "b", "prefixes": ["x/y/"]},
            [
                {**READ, "Resource": ["arn:aws:s3:::b/x/y/*"]},
                {
                    **LIST,
                    "Sid": "List1",
                    "Resource": "arn:aws:s3:::b",
                    "Condition": {"StringLike": {"s3:prefix": ["x/y/*"]}},
                },
            ],
        ),
        (
            {"name": "b", "prefixes": ["x/y/", "x/z/"], "browsable": True},
            [
                {**READ, "Resource": ["arn:aws:s3:::b/x/y/*", "arn:aws:s3:::b/x/z/*"]},
                {
                    **LIST,
                    "Sid": "List1",
                    "Resource": "arn:aws:s3:::b",
                    "Condition": {"StringLike": {"s3:prefix": ["x/y/*", "x/z/*", "", "x/"]}},
                },
            ],
        ),
    ],
    ids=["whole", "folder", "browsable"],
)
def test_s3_read_statements(bucket, statements):
    assert filtered("s3_read_statements", [bucket]) == statements
