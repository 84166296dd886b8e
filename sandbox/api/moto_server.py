"""moto's server, made strict: certificates need their DNS records, strangers get what policies allow.

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

# What a new load balancer has (Application Load Balancers User Guide, "Load balancer attributes"); moto tells a part.
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
    """Keep a certificate PENDING_VALIDATION until Route 53 holds the record of each of its names."""
    check_age = CertBundle.check

    def check(certificate: CertBundle) -> None:
        options = certificate.describe()["Certificate"].get("DomainValidationOptions", [])
        if all(_has_record(option["ResourceRecord"]) for option in options):
            check_age(certificate)

    CertBundle.check = check


def check_signatures_of_roles() -> None:
    """Check the signature of calls with temporary credentials; what their role may do, the control plane has judged."""
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


def tell_regions_of_one_partition() -> None:
    """List the regions that an account of AWS itself has; moto tells those of China and of governments, too."""
    own = [region for region in RegionsAndZonesBackend.regions if get_partition(region.name) == "aws"]
    RegionsAndZonesBackend.regions = own


def tell_who_uses_a_certificate() -> None:
    """List the load balancers that use a certificate, as long as they do; moto lists listeners, gone ones too."""

    def in_use_by(certificate: CertBundle) -> list[str]:
        balancers = elbv2_backends[settings.ACCOUNT][certificate.arn.split(":")[3]].load_balancers.values()
        return [balancer.arn for balancer in balancers if certificate.arn in _certificates_of(balancer)]

    CertBundle.in_use_by = property(in_use_by, lambda *_: None)


def _certificates_of(balancer: FakeLoadBalancer) -> set[str]:
    return {arn for listener in balancer.listeners.values() for arn in listener.certificates}


def tell_load_balancer_attributes() -> None:
    """Give a new load balancer all attributes that AWS gives it."""
    create = FakeLoadBalancer.__init__

    def create_complete(balancer: FakeLoadBalancer, *arguments: Any, **named: Any) -> None:
        create(balancer, *arguments, **named)
        balancer.attrs = {**LOAD_BALANCER_ATTRIBUTES, **balancer.attrs}

    FakeLoadBalancer.__init__ = create_complete


def tell_alias_targets_as_route53_does() -> None:
    """Keep the name that an alias record points to in lower case and with its last dot: so Route 53 tells it back."""
    create = RecordSet.__init__

    def create_plain(record: RecordSet, settings_of_record: dict[str, Any]) -> None:
        create(record, settings_of_record)
        if record.alias_target:
            name = record.alias_target["DNSName"].lower().rstrip(".")
            record.alias_target = {**record.alias_target, "DNSName": f"{name}."}

    RecordSet.__init__ = create_plain


def _is_for_all(statement: dict[str, Any]) -> bool:
    """Whether a statement speaks of everyone; moto takes each for such, one for CloudFront too."""
    principal = statement.get("Principal")
    named = principal.get("AWS", []) if isinstance(principal, dict) else principal
    return "*" in named


def _applies(statement: dict[str, Any], public: bool) -> bool:
    if not _is_for_all(statement):
        return False
    # An allowance with a condition is none here. A refusal stands, but for that of plain HTTP: it plays HTTPS here.
    if statement["Effect"] == "Allow":
        return public and not statement.get("Condition")
    return "aws:securetransport" not in json.dumps(statement.get("Condition", {})).lower()


def _bucket_permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """What the bucket's policy says of a request by someone of whom nothing is known."""
    statements = json.loads(bucket.policy or "{}").get("Statement", [])
    block = bucket.public_access_block
    public = not (block and block.restrict_public_buckets)
    found = statements if isinstance(statements, list) else [statements]
    kept = [statement for statement in found if _applies(statement, public)]
    return IAMPolicy(json.dumps({"Statement": kept})).is_action_permitted(action, resource)


def keep_buckets_private() -> None:
    """Read bucket policies as S3 does, and refuse a public one where the bucket's public access block says so."""
    put = S3Backend.put_bucket_policy

    def put_bucket_policy(backend: S3Backend, bucket_name: str, policy: bytes) -> None:
        block = backend.get_bucket(bucket_name).public_access_block
        if block and block.block_public_policy and bucket_policy_is_public(policy):
            raise BucketAccessDeniedError(bucket=bucket_name)
        put(backend, bucket_name, policy)

    S3Backend.put_bucket_policy = put_bucket_policy
    FakeBucket.get_permission = _bucket_permission


def give_reachable_public_addresses() -> None:
    """Give an instance a public address at which its container can be; moto's belong to somebody."""
    addresses = itertools.cycle(map(str, ipaddress.ip_network(settings.PUBLIC_ADDRESSES).hosts()))

    def check_auto_public_ip(interface: NetworkInterface) -> None:
        if str(interface.public_ip_auto_assign).lower() == "true":
            interface.sandbox_address = getattr(interface, "sandbox_address", None) or next(addresses)
            interface.public_ip = interface.sandbox_address

    NetworkInterface.check_auto_public_ip = check_auto_public_ip


if __name__ == "__main__":
    require_validation_records()
    check_signatures_of_roles()
    sts_sessions.give_to_those_whom_the_trust_policy_names(settings.MINISTACK_URL)
    sts_sessions.keep_to_sessions_that_are_not_over()
    keep_buckets_private()
    tell_regions_of_one_partition()
    tell_who_uses_a_certificate()
    tell_load_balancer_attributes()
    tell_alias_targets_as_route53_does()
    give_reachable_public_addresses()
    server.main(["-H", settings.LOOPBACK, "-p", str(settings.MOTO_PORT)])
