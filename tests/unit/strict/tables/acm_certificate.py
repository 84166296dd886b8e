"""acm_certificate, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table

ARN = "arn:aws:acm:us-east-1:123456789012:certificate/{}"


def before(account):
    account.acm.put(ARN.format("theirs1"), "example.org")
    account.acm.put(ARN.format("theirs2"), "lab.example.org", "other.example.org", KeyAlgorithm="EC_prime256v1")


TABLES = [
    Table(
        module="acm_certificate",
        kind="Certificate",
        before=before,
        asked={
            "domain_name": "lab.example.org",
            "subject_alternative_names": ["*.lab.example.org"],
            "key_algorithm": "EC_prime256v1",
        },
        acts=frozenset({"certificate_arn"}),  # which one is meant, where that is known
        identity=frozenset({"domain_name", "subject_alternative_names", "key_algorithm"}),
        rows={
            "options.certificate_transparency_logging_preference": Row(
                "ENABLED", "DISABLED", "Options.CertificateTransparencyLoggingPreference"
            ),
            "tags": Row({"project": "lab"}, {"project": "other"}, "tags"),
        },
    )
]
