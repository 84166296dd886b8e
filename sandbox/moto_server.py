"""moto's server, made strict: certificates need their DNS records, and roles get only what their policies allow.

Run as `python -m sandbox.moto_server`; processes.py sets its environment.
"""

from __future__ import annotations

from typing import Any

from moto import server
from moto.acm.models import CertBundle
from moto.core.authorization import ActionAuthenticatorMixin
from moto.route53.models import route53_backends
from moto.ssm.responses import SimpleSystemManagerResponse

from sandbox import settings


def _has_record(wanted: dict[str, str]) -> bool:
    zones = route53_backends[settings.ACCOUNT]["aws"].zones.values()
    sets = (rrset for zone in zones for rrset in zone.rrsets if not zone.private_zone)
    value = wanted["Value"].rstrip(".")
    return any(
        rrset.type == "CNAME"
        and rrset.name.rstrip(".") == wanted["Name"].rstrip(".")
        and value in [record.rstrip(".") for record in rrset.records]
        for rrset in sets
    )


def require_validation_records() -> None:
    """Keep a certificate PENDING_VALIDATION until Route 53 holds the record of each of its names."""
    check_age = CertBundle.check

    def check(certificate: CertBundle) -> None:
        options = certificate.describe()["Certificate"].get("DomainValidationOptions", [])
        if all(_has_record(option["ResourceRecord"]) for option in options):
            check_age(certificate)

    CertBundle.check = check


def _parameter_arn(response: SimpleSystemManagerResponse) -> str:
    name = response._get_param("Name") or response._get_param("Path")
    if not isinstance(name, str):
        return "*"
    return f"arn:aws:ssm:{response.region}:{response.current_account}:parameter/{name.lstrip('/')}"


def enforce_policies_of_roles() -> None:
    """Check signature and policies of calls with temporary credentials; the sandbox's own key may do everything."""
    authorize = ActionAuthenticatorMixin._authenticate_and_authorize_action

    def authorize_temporary(response: Any, *arguments: Any) -> None:
        if "X-Amz-Security-Token" in response.headers:
            authorize(response, *arguments)

    ActionAuthenticatorMixin._authenticate_and_authorize_action = authorize_temporary
    SimpleSystemManagerResponse._determine_resource = _parameter_arn


if __name__ == "__main__":
    require_validation_records()
    enforce_policies_of_roles()
    server.main(["-H", settings.LOOPBACK, "-p", str(settings.MOTO_PORT)])
