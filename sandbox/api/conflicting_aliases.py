"""Who has an alias: CloudFront's ListConflictingAliases, which ministack lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from sandbox import settings

Distribution = dict[str, Any]
HIDDEN = "*" * 7


class Refused(Exception):  # noqa: N818  (as in ssm.py)
    """CloudFront would not answer; the message is its error code."""


def _aliases(distribution: Distribution) -> list[str]:
    return distribution.get("Aliases", {}).get("Items", [])


def _overlap(one: str, other: str) -> bool:
    """Whether two aliases are the same, or one is a wildcard for the other."""
    return one == other or any(
        wild.startswith("*.") and name.partition(".")[2] == wild[2:] for wild, name in ((one, other), (other, one))
    )


def conflicts(held: Iterable[Distribution], distribution_id: str, alias: str) -> Iterator[tuple[str, str]]:
    """Alias and partly hidden id of every other distribution; refused without a certificate on one's own."""
    by_id = {distribution["Id"]: distribution for distribution in held}
    own = by_id.pop(distribution_id, None)
    if own is None:
        raise Refused("NoSuchDistribution")
    if not own.get("ViewerCertificate", {}).get("ACMCertificateArn"):
        raise Refused("InvalidArgument")
    for found in by_id.values():
        yield from ((name, HIDDEN + found["Id"][-6:]) for name in _aliases(found) if _overlap(name, alias))


def answer(distribution_id: str, alias: str) -> bytes:
    """The answer in CloudFront's XML."""
    cloudfront = settings.client("cloudfront", settings.MINISTACK_URL)
    pages = cloudfront.get_paginator("list_distributions").paginate()
    held = [distribution for page in pages for distribution in page["DistributionList"].get("Items", [])]
    items = [
        f"<ConflictingAlias><Alias>{escape(name)}</Alias><DistributionId>{found}</DistributionId>"
        f"<AccountId>{HIDDEN}{settings.ACCOUNT[-5:]}</AccountId></ConflictingAlias>"
        for name, found in conflicts(held, distribution_id, alias)
    ]
    return (
        '<ConflictingAliasesList xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">'
        f"<MaxItems>100</MaxItems><Quantity>{len(items)}</Quantity><Items>{''.join(items)}</Items>"
        "</ConflictingAliasesList>"
    ).encode()
