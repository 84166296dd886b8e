"""CloudFront's list of conflicting aliases, as the sandbox answers it."""

from __future__ import annotations

import pytest

from sandbox.api import conflicting_aliases

OWN = {"Id": "E0000000OWN", "ViewerCertificate": {"ACMCertificateArn": "arn"}, "Aliases": {"Items": ["data.lab.x"]}}
BARE = {"Id": "E0000BARE", "Aliases": {}}


def other(alias):
    return {"Id": "E0000000OTHER1", "Aliases": {"Quantity": 1, "Items": [alias]}}


@pytest.mark.parametrize(
    ("held", "found"),
    [
        ("data.lab.x", ["data.lab.x"]),
        ("*.lab.x", ["*.lab.x"]),
        ("*.x", []),
        ("viewer.lab.x", []),
    ],
)
def test_others_with_the_same_name_or_a_wildcard_for_it(held, found):
    told = list(conflicting_aliases.conflicts([OWN, other(held)], OWN["Id"], "data.lab.x"))
    assert told == [(name, "*******OTHER1") for name in found]


def test_a_wildcard_conflicts_with_what_it_covers():
    ((name, _id),) = conflicting_aliases.conflicts([OWN, other("data.lab.x")], OWN["Id"], "*.lab.x")
    assert name == "data.lab.x"


@pytest.mark.parametrize(("own", "code"), [("E1", "NoSuchDistribution"), (BARE["Id"], "InvalidArgument")])
def test_only_who_has_a_distribution_with_a_certificate_is_told(own, code):
    with pytest.raises(conflicting_aliases.ServiceError, match=code):
        list(conflicting_aliases.conflicts([OWN, BARE], own, "data.lab.x"))
