"""cloudfront_key_group, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table
from tests.unit.strict.tables.cloudfront_public_key import KEY


def before(account):
    for name in ("K1", "K2"):
        account.cloudfront.put("PublicKey", name, {"Name": name, "CallerReference": name, "EncodedKey": KEY})
    for name in ("a", "z"):
        account.cloudfront.put("KeyGroup", name, {"Name": name, "Items": ["K1"]})


TABLES = [
    Table(
        module="cloudfront_key_group",
        kind="KeyGroup",
        before=before,
        asked={"name": "g", "public_key_ids": ["K1"]},
        identity=frozenset({"name"}),
        rows={"public_key_ids": Row(["K1", "K2"], ["K2"], "Items"), "comment": Row("readers", "writers", "Comment")},
        update="UpdateKeyGroup",
    )
]
