"""s3_bucket_policy_statement, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table

OWNERS = {"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::data/*"}
READ = {
    "Effect": "Allow",
    "Principal": {"Service": "cloudfront.amazonaws.com"},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::data/*",
}
LIST = {**READ, "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::data"}
WIDER = {**READ, "Action": ["s3:GetObject", "s3:ListBucket"]}


def before(account):
    account.s3.put("data", OWNERS)


def before_empty(account):
    account.s3.put("data")


def with_sid(statement):
    return {"Sid": "Read", **statement}


def table(use, start, at):
    return Table(
        module="s3_bucket_policy_statement",
        use=use,
        kind="BucketPolicy",
        key="data",
        before=start,
        asked={"bucket": "data", "sid": "Read", "statement": READ, "expected_bucket_owner": "123456789012"},
        identity=frozenset({"bucket", "sid", "expected_bucket_owner"}),
        rows={"statement": Row(READ, WIDER, f"Statement.{at}", with_sid)},
    )


def with_sids(statements):
    """As they stand beside the owner's."""
    return [OWNERS, *({"Sid": sid, **statement} for sid, statement in statements.items())]


SEVERAL = Table(
    module="s3_bucket_policy_statement",
    use="with several",
    kind="BucketPolicy",
    key="data",
    before=before,
    asked={"bucket": "data", "statements": {"Read": READ, "List": LIST}},
    identity=frozenset({"bucket"}),
    absent={"statements": {"Read": {}, "List": {}}},
    rows={
        "statements": Row({"Read": READ, "List": LIST}, {"Read": WIDER, "List": LIST}, "Statement", with_sids),
    },
)
TABLES = [table("beside another", before, 1), table("alone", before_empty, 0), SEVERAL]
