"""cognito_user, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table

POOL, ADA = "us-east-1_mine", "ada@lab.example.org"


def before(account):
    account.cognito.put_pool(POOL, PoolName="lab")
    account.cognito.admin_create_user({"UserPoolId": POOL, "Username": "eve@lab.example.org"})


def with_name(name):
    return {"email": ADA, "email_verified": True, "name": name}


TABLES = [
    Table(
        module="cognito_user",
        kind="User",
        before=before,
        asked={"user_pool_id": POOL, "username": ADA, "attributes": {"email": ADA}},
        identity=frozenset({"user_pool_id", "username"}),
        rows={
            "attributes": Row(with_name("Ada"), with_name("Ada L."), "Attributes.name", lambda given: given["name"]),
            "enabled": Row(False, True, "Enabled"),
        },
        acts=frozenset({"message_action", "sign_out"}),
        theirs={"Attributes.locale": "en"},
    )
]
