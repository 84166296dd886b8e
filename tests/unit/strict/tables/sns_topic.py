"""sns_topic, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table


def before(account):
    account.sns.put("theirs", "eve@example.org")
    account.sns.put("lab-failures-old", "eve@example.org")


TABLES = [
    Table(
        module="sns_topic",
        kind="Topic",
        before=before,
        asked={"name": "lab-failures"},
        identity=frozenset({"name"}),
        rows={
            "display_name": Row("Lab viewer", "Lab", "DisplayName"),
            "kms_master_key_id": Row("alias/aws/sns", "alias/lab", "KmsMasterKeyId"),
            "email_addresses": Row(
                ["ada@example.org", "bob@example.org"], ["bob@example.org", "eve@example.org"], "EmailAddresses"
            ),
            "tags": Row({"project": "lab"}, {"project": "other"}, "tags"),
        },
    )
]
