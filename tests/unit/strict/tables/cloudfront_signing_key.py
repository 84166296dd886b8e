"""cloudfront_signing_key, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table


def before(account):
    for name in ("/lab/keys", "/lab/keys/k10", "/lab/keys/k10.pub", "/lab/keys/k1.pub.pub"):
        account.ssm.put(name, tags={"project": "theirs"})


TABLES = [
    Table(
        module="cloudfront_signing_key",
        kind="Parameter",
        before=before,
        asked={"name": "/lab/keys/k1"},
        identity=frozenset({"name"}),
        key="/lab/keys/k1",
        twin="/lab/keys/k1.pub",
        rows={"tags": Row({"project": "lab"}, {"project": "other"}, "tags")},
        acts=frozenset({"kms_key_id", "signs"}),
    )
]
