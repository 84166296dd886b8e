"""moto's server, made strict: validation records of certificates, signatures, bucket policies.

Run as `python -m sandbox.api.moto_server`; supervisor.py sets its environment.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
from typing import Any

from botocore.awsrequest import AWSRequest
from moto import server
from moto.acm.models import CertBundle
from moto.awslambda.models import LambdaFunction
from moto.core.authorization import ActionAuthenticatorMixin
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.elbv2.models import FakeLoadBalancer, elbv2_backends
from moto.iam.access_control import IAMPolicy, IAMRequestBase, PermissionResult
from moto.route53.models import RecordSet, route53_backends
from moto.s3.exceptions import BucketAccessDeniedError
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.utils import bucket_policy_is_public
from moto.utilities.utils import get_partition

from sandbox import settings
from sandbox.iam import sts_sessions

# Of a new load balancer (Application Load Balancers User Guide, "Load balancer attributes"); moto has a part.
LOAD_BALANCER_ATTRIBUTES = {
    "access_logs.s3.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
}


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
    """Issue a certificate only when Route 53 has the validation record of each of its names."""
    check_age = CertBundle.check

    def check(certificate: CertBundle) -> None:
        options = certificate.describe()["Certificate"].get("DomainValidationOptions", [])
        if all(_has_record(option["ResourceRecord"]) for option in options):
            check_age(certificate)

    CertBundle.check = check


def verify_role_signatures() -> None:
    """Verify signatures with temporary credentials; the gateway has authorized the call already."""
    authorize = ActionAuthenticatorMixin._authenticate_and_authorize_action
    request_again = IAMRequestBase._create_aws_request

    def request_as_signed(request: IAMRequestBase) -> AWSRequest:
        # For the body of these moto takes what it made of the address.
        if request._method in ("GET", "HEAD", "DELETE"):
            request._data = {}
        return request_again(request)

    def authenticate(response: Any, request_class: Any, resource: str = "*") -> None:
        if "X-Amz-Security-Token" in response.headers:
            authorize(response, request_class, resource)

    ActionAuthenticatorMixin._authenticate_and_authorize_action = authenticate
    IAMRequestBase._create_aws_request = request_as_signed
    IAMRequestBase.check_action_permitted = lambda _request, _resource: None


def limit_regions_to_partition() -> None:
    """List the regions of partition `aws` only; moto lists those of China and GovCloud, too."""
    regions = [region for region in RegionsAndZonesBackend.regions if get_partition(region.name) == "aws"]
    RegionsAndZonesBackend.regions = regions


def set_certificate_in_use_by() -> None:
    """InUseBy: the load balancers that use a certificate; moto lists listeners, deleted ones too."""

    def in_use_by(certificate: CertBundle) -> list[str]:
        balancers = elbv2_backends[settings.ACCOUNT][certificate.arn.split(":")[3]].load_balancers.values()
        return [balancer.arn for balancer in balancers if certificate.arn in _certificates_of(balancer)]

    CertBundle.in_use_by = property(in_use_by, lambda *_: None)


def _certificates_of(balancer: FakeLoadBalancer) -> set[str]:
    return {arn for listener in balancer.listeners.values() for arn in listener.certificates}


def set_default_load_balancer_attributes() -> None:
    """Set all attributes that a new load balancer has in AWS."""
    create = FakeLoadBalancer.__init__

    def create_complete(balancer: FakeLoadBalancer, *arguments: Any, **named: Any) -> None:
        create(balancer, *arguments, **named)
        balancer.attrs = {**LOAD_BALANCER_ATTRIBUTES, **balancer.attrs}

    FakeLoadBalancer.__init__ = create_complete


def normalize_alias_targets() -> None:
    """Return the target of an alias record in lower case and with a trailing dot, as Route 53 does."""
    create = RecordSet.__init__

    def create_plain(record: RecordSet, settings_of_record: dict[str, Any]) -> None:
        create(record, settings_of_record)
        if record.alias_target:
            name = record.alias_target["DNSName"].lower().rstrip(".")
            record.alias_target = {**record.alias_target, "DNSName": f"{name}."}

    RecordSet.__init__ = create_plain


def _has_wildcard_principal(statement: dict[str, Any]) -> bool:
    """Whether a statement is for everyone; moto ignores the principal."""
    principal = statement.get("Principal")
    named = principal.get("AWS", []) if isinstance(principal, dict) else principal
    return "*" in named


def _applies(statement: dict[str, Any], public: bool) -> bool:
    if not _has_wildcard_principal(statement):
        return False
    # An Allow with a condition is ignored. A Deny counts, except of plain HTTP: HTTP stands for HTTPS here.
    if statement["Effect"] == "Allow":
        return public and not statement.get("Condition")
    return "aws:securetransport" not in json.dumps(statement.get("Condition", {})).lower()


def _bucket_permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """The bucket policy's result for an anonymous request."""
    statements = json.loads(bucket.policy or "{}").get("Statement", [])
    block = bucket.public_access_block
    public = not (block and block.restrict_public_buckets)
    found = statements if isinstance(statements, list) else [statements]
    applicable = [statement for statement in found if _applies(statement, public)]
    return IAMPolicy(json.dumps({"Statement": applicable})).is_action_permitted(action, resource)


def enforce_bucket_policies() -> None:
    """Evaluate bucket policies as S3 does; apply BlockPublicPolicy and RestrictPublicBuckets."""
    put = S3Backend.put_bucket_policy

    def put_bucket_policy(backend: S3Backend, bucket_name: str, policy: bytes) -> None:
        block = backend.get_bucket(bucket_name).public_access_block
        if block and block.block_public_policy and bucket_policy_is_public(policy):
            raise BucketAccessDeniedError(bucket=bucket_name)
        put(backend, bucket_name, policy)

    S3Backend.put_bucket_policy = put_bucket_policy
    FakeBucket.get_permission = _bucket_permission


def change_architectures() -> None:
    """Give a function the architecture that comes with its code (Lambda API Reference, "UpdateFunctionCode")."""
    update = LambdaFunction.update_function_code

    def update_function_code(function: LambdaFunction, spec: dict[str, Any]) -> dict[str, Any]:
        function.architectures = spec.get("Architectures", function.architectures)
        return update(function, spec)

    LambdaFunction.update_function_code = update_function_code


def assign_public_ip_addresses() -> None:
    """Assign public addresses of the sandbox's network; moto's belong to others."""
    addresses = itertools.cycle(map(str, ipaddress.ip_network(settings.PUBLIC_ADDRESSES).hosts()))

    def check_auto_public_ip(interface: NetworkInterface) -> None:
        if str(interface.public_ip_auto_assign).lower() == "true":
            interface.sandbox_address = getattr(interface, "sandbox_address", None) or next(addresses)
            interface.public_ip = interface.sandbox_address

    NetworkInterface.check_auto_public_ip = check_auto_public_ip


if __name__ == "__main__":
    require_validation_records()
    verify_role_signatures()
    sts_sessions.enforce_trust_policies(settings.MINISTACK_URL)
    sts_sessions.verify_s3_requests()
    enforce_bucket_policies()
    limit_regions_to_partition()
    set_certificate_in_use_by()
    set_default_load_balancer_attributes()
    normalize_alias_targets()
    change_architectures()
    assign_public_ip_addresses()
    server.main(["-H", settings.LOOPBACK, "-p", str(settings.MOTO_PORT)])
