"""cloudfront_origin_access_control, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table


def before(account):
    for name in ("a", "z"):
        described = {"Name": name, "SigningProtocol": "sigv4", "SigningBehavior": "never"}
        account.cloudfront.put("OriginAccessControl", name, {**described, "OriginAccessControlOriginType": "lambda"})


TABLES = [
    Table(
        module="cloudfront_origin_access_control",
        kind="OriginAccessControl",
        before=before,
        asked={"name": "o"},
        identity=frozenset({"name"}),
        rows={
            "description": Row("volumes", "images", "Description"),
            "origin_access_control_origin_type": Row("s3", "lambda", "OriginAccessControlOriginType"),
            "signing_behavior": Row("no-override", "always", "SigningBehavior"),
        },
        update="UpdateOriginAccessControl",
        apart=frozenset({"SigningProtocol"}),  # there is one
    )
]
