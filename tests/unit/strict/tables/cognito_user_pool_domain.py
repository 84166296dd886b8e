"""cognito_user_pool_domain, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table

POOL, OTHER = "us-east-1_mine", "us-east-1_other"

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/{}"


def before(account):
    for pool_id in (POOL, OTHER):
        account.cognito.put_pool(pool_id, PoolName=pool_id)
    account.cognito.create_user_pool_domain({"Domain": "theirs", "UserPoolId": OTHER})


TABLES = [
    Table(
        module="cognito_user_pool_domain",
        kind="Domain",
        before=before,
        asked={"domain": "lab-viewer", "user_pool_id": POOL},
        identity=frozenset({"domain"}),
        rows={"managed_login_version": Row(2, 1, "ManagedLoginVersion")},
        fixed={"user_pool_id": (OTHER, f"It belongs to user pool {POOL}. Choose another prefix")},
        update="UpdateUserPoolDomain",
        theirs={"Routing": {"Failover": {"SecondaryRegion": "us-west-2", "PrimaryRoute53HealthCheckId": "h"}}},
        apart=frozenset({"CustomDomainConfig"}),  # of domains that are no prefix
    ),
    Table(
        module="cognito_user_pool_domain",
        use="of one's own",
        kind="Domain",
        before=before,
        asked={
            "domain": "login.example.org",
            "user_pool_id": POOL,
            "custom_domain_config": {"certificate_arn": CERTIFICATE.format("a")},
        },
        identity=frozenset({"domain"}),
        rows={
            "custom_domain_config.certificate_arn": Row(
                CERTIFICATE.format("a"), CERTIFICATE.format("b"), "CustomDomainConfig.CertificateArn"
            )
        },
        update="UpdateUserPoolDomain",
        theirs={
            "ManagedLoginVersion": 2,
            "CustomDomainConfig.SecurityPolicy": "TLS_V1_2_2021",
            "Routing": {"Failover": {"SecondaryRegion": "us-west-2", "PrimaryRoute53HealthCheckId": "h"}},
        },
    ),
]
