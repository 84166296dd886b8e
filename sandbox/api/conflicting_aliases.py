"""CloudFront's ListConflictingAliases, which ministack lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from sandbox import settings

Distribution = dict[str, Any]
HIDDEN = "*" * 7


class ServiceError(Exception):
    """An error of CloudFront; the message is its code."""


def _aliases(distribution: Distribution) -> list[str]:
    return distribution.get("Aliases", {}).get("Items", [])


def _overlaps(one: str, other: str) -> bool:
    """Whether two aliases are the same, or one is a wildcard for the other."""
    return one == other or any(
        wild.startswith("*.") and name.partition(".")[2] == wild[2:] for wild, name in ((one, other), (other, one))
    )


def conflicts(distributions: Iterable[Distribution], distribution_id: str, alias: str) -> Iterator[tuple[str, str]]:
    """Alias and partly hidden id of every other distribution; an error if the distribution has no certificate."""
    by_id = {distribution["Id"]: distribution for distribution in distributions}
    own = by_id.pop(distribution_id, None)
    if own is None:
        raise ServiceError("NoSuchDistribution")
    if not own.get("ViewerCertificate", {}).get("ACMCertificateArn"):
        raise ServiceError("InvalidArgument")
    for other in by_id.values():
        yield from ((name, HIDDEN + other["Id"][-6:]) for name in _aliases(other) if _overlaps(name, alias))


def response(distribution_id: str, alias: str) -> bytes:
    """The response in CloudFront's XML."""
    cloudfront = settings.client("cloudfront", settings.MINISTACK_URL)
    pages = cloudfront.get_paginator("list_distributions").paginate()
    distributions = [distribution for page in pages for distribution in page["DistributionList"].get("Items", [])]
    items = [
        f"<ConflictingAlias><Alias>{escape(name)}</Alias><DistributionId>{other}</DistributionId>"
        f"<AccountId>{HIDDEN}{settings.ACCOUNT[-5:]}</AccountId></ConflictingAlias>"
        for name, other in conflicts(distributions, distribution_id, alias)
    ]
    return (
        '<ConflictingAliasesList xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">'
        f"<MaxItems>100</MaxItems><Quantity>{len(items)}</Quantity><Items>{''.join(items)}</Items>"
        "</ConflictingAliasesList>"
    ).encode()
