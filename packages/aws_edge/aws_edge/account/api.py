"""The account's resources, read from the AWS API and cached for a second."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config as ClientConfig
from botocore.exceptions import ClientError

from aws_edge.cache import Cache, remembered
from aws_edge.config import Config

Resource = dict[str, Any]
CLIENT = ClientConfig(retries={"total_max_attempts": 2}, s3={"addressing_style": "path"}, max_pool_connections=20)


def get_or_none(call: Callable[..., Resource], **arguments: Any) -> Resource | None:
    """The response of a call, or None if AWS returns a not-found error."""
    try:
        return call(**arguments)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if "NotFound" in code or code.startswith("NoSuch"):
            return None
        raise


class Api:
    """The resources, read through boto3. Its methods block: call them from a thread."""

    def __init__(self, config: Config) -> None:
        self.cache = Cache(config.cache_seconds)
        self._config = config
        self._session = boto3.Session()
        # Clients are thread-safe, creating them is not.
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str = "") -> Any:
        """The boto3 client of a service."""
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._make(service, region)
            return self._clients[service, region]

    def _make(self, service: str, region: str) -> Any:
        return self._session.client(
            service,
            endpoint_url=self._config.endpoint or None,
            region_name=region or self._config.region,
            aws_access_key_id=self._config.access_key,
            aws_secret_access_key=self._config.secret_key,
            config=CLIENT,
        )

    # Route 53

    @remembered
    def aliases(self) -> dict[str, str]:
        """Alias and CNAME records of all hosted zones: name and target."""
        route53 = self.client("route53")
        zones = route53.get_paginator("list_hosted_zones").paginate().search("HostedZones[].Id")
        sets = (route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone) for zone in zones)
        records = [record for pages in sets for record in pages.search("ResourceRecordSets[]")]
        return {_normalized(record["Name"]): target for record in records if (target := _target(record))}

    # Elastic Load Balancing and ACM

    @remembered
    def load_balancers(self) -> dict[str, Resource]:
        """Application load balancers by DNS name, those that are ready."""
        pages = self.client("elbv2").get_paginator("describe_load_balancers").paginate()
        return {each["DNSName"].lower(): each for each in pages.search("LoadBalancers[?State.Code == 'active']")}

    @remembered
    def permissions(self, direction: str, *security_groups: str) -> list[Resource]:
        """The rules of security groups together; the direction is IpPermissions or IpPermissionsEgress."""
        if not security_groups:
            return []
        answer = self.client("ec2").describe_security_groups(GroupIds=security_groups)
        return [rule for group in answer["SecurityGroups"] for rule in group[direction]]

    @remembered
    def listeners(self, load_balancer_arn: str) -> list[Resource]:
        """The listeners of a load balancer."""
        pages = self.client("elbv2").get_paginator("describe_listeners").paginate(LoadBalancerArn=load_balancer_arn)
        return list(pages.search("Listeners[]"))

    @remembered
    def rules(self, listener_arn: str) -> list[Resource]:
        """The rules of a listener by priority, the default rule last."""
        pages = self.client("elbv2").get_paginator("describe_rules").paginate(ListenerArn=listener_arn)
        return sorted(pages.search("Rules[]"), key=lambda rule: (rule["IsDefault"], _priority(rule)))

    @remembered
    def listener_certificates(self, listener_arn: str) -> list[str]:
        """The ARNs of a listener's certificates."""
        answer = self.client("elbv2").describe_listener_certificates(ListenerArn=listener_arn)
        return [each["CertificateArn"] for each in answer["Certificates"]]

    @remembered
    def target_groups(self) -> dict[str, Resource]:
        """Target groups by ARN, their attributes under `Attributes`."""
        elbv2 = self.client("elbv2")
        groups = elbv2.get_paginator("describe_target_groups").paginate().search("TargetGroups[]")
        return {group["TargetGroupArn"]: {**group, "Attributes": _attributes(elbv2, group)} for group in groups}

    @remembered
    def targets(self, target_group_arn: str) -> list[tuple[str, int]]:
        """Id and port of every registered target."""
        answer = self.client("elbv2").describe_target_health(TargetGroupArn=target_group_arn)
        states = answer["TargetHealthDescriptions"]
        return [(each["Target"]["Id"], int(each["Target"]["Port"])) for each in states if not _draining(each)]

    @remembered
    def certificate_names(self, arn: str) -> tuple[str, ...]:
        """The names of an issued certificate; none while it is not issued."""
        answer = get_or_none(self.client("acm", arn.split(":")[3]).describe_certificate, CertificateArn=arn)
        certificate = answer["Certificate"] if answer else {"Status": "gone"}
        if certificate["Status"] != "ISSUED":
            return ()
        names = (certificate["DomainName"], *certificate.get("SubjectAlternativeNames", ()))
        return tuple(dict.fromkeys(name.lower() for name in names))

    # CloudFront

    @remembered
    def distributions(self) -> list[Resource]:
        """A summary of every distribution: Id, ARN, DomainName, Aliases, Enabled."""
        pages = self.client("cloudfront").get_paginator("list_distributions").paginate()
        return [each for each in pages.search("DistributionList.Items[]") if each]

    @remembered
    def distribution(self, distribution_id: str) -> Resource:
        """The configuration of a distribution."""
        return self.client("cloudfront").get_distribution_config(Id=distribution_id)["DistributionConfig"]

    @remembered
    def trusted_keys(self, key_group_ids: tuple[str, ...]) -> dict[str, str]:
        """The PEM text of every public key in these key groups, by key id."""
        cloudfront = self.client("cloudfront")
        groups = [cloudfront.get_key_group(Id=each)["KeyGroup"]["KeyGroupConfig"] for each in key_group_ids]
        ids = {key_id for group in groups for key_id in group["Items"]}
        return {key_id: _pem(cloudfront, key_id) for key_id in ids}

    @remembered
    def response_headers_policy(self, policy_id: str) -> Resource:
        """The configuration of a response headers policy."""
        answer = self.client("cloudfront").get_response_headers_policy(Id=policy_id)
        return answer["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]

    @remembered
    def cache_policy(self, policy_id: str) -> Resource:
        """The configuration of a cache policy."""
        return self.client("cloudfront").get_cache_policy(Id=policy_id)["CachePolicy"]["CachePolicyConfig"]

    @remembered
    def origin_access_control(self, control_id: str) -> Resource:
        """The configuration of an origin access control."""
        answer = self.client("cloudfront").get_origin_access_control(Id=control_id)
        return answer["OriginAccessControl"]["OriginAccessControlConfig"]

    # S3

    @remembered
    def bucket_policy(self, bucket: str) -> Resource | None:
        """The bucket's policy document."""
        answer = get_or_none(self.client("s3").get_bucket_policy, Bucket=bucket)
        return json.loads(answer["Policy"]) if answer else None

    def object(self, method: str, **arguments: Any) -> Resource:
        """GetObject or HeadObject, straight from S3; raises its ClientError."""
        s3 = self.client("s3")
        return (s3.head_object if method == "HEAD" else s3.get_object)(**arguments)

    def list_objects(self, bucket: str) -> Resource:
        """The first page of a bucket's listing."""
        return self.client("s3").list_objects(Bucket=bucket)

    # Cognito

    @remembered
    def user_pool_of_domain(self, prefix: str) -> str | None:
        """The id of the user pool that has this domain prefix."""
        answer = get_or_none(self.client("cognito-idp").describe_user_pool_domain, Domain=prefix)
        return (answer or {}).get("DomainDescription", {}).get("UserPoolId")

    @remembered
    def user_pool_client(self, pool_id: str, client_id: str) -> Resource | None:
        """An app client with its secret, if the pool has it."""
        describe = self.client("cognito-idp").describe_user_pool_client
        answer = get_or_none(describe, UserPoolId=pool_id, ClientId=client_id)
        return answer["UserPoolClient"] if answer else None

    @remembered
    def identity_provider(self, pool_id: str, name: str) -> Resource | None:
        """An external provider with its client's secret, if the pool has it."""
        describe = self.client("cognito-idp").describe_identity_provider
        answer = get_or_none(describe, UserPoolId=pool_id, ProviderName=name)
        return answer["IdentityProvider"] if answer else None

    @remembered
    def user_pool(self, pool_id: str) -> Resource:
        """A user pool with its triggers."""
        return self.client("cognito-idp").describe_user_pool(UserPoolId=pool_id)["UserPool"]

    def has_user(self, pool_id: str, username: str) -> bool:
        """Whether the pool has this user, disabled or not."""
        return get_or_none(self.client("cognito-idp").admin_get_user, UserPoolId=pool_id, Username=username) is not None

    def user(self, pool_id: str, username: str) -> Resource | None:
        """A user of the pool, not disabled, as an administrator sees it."""
        answer = get_or_none(self.client("cognito-idp").admin_get_user, UserPoolId=pool_id, Username=username)
        if answer is None or not answer.get("Enabled", True):
            return None
        return answer

    # Lambda

    @remembered
    def function(self, arn: str) -> Resource | None:
        """A function's configuration, its resource policy under `Policy`."""
        functions = self.client("lambda", arn.split(":")[3])
        known = get_or_none(functions.get_function_configuration, FunctionName=arn)
        if known is None:
            return None
        policy = get_or_none(functions.get_policy, FunctionName=arn)
        return {**known, "Policy": json.loads(policy["Policy"]) if policy else None}


def _normalized(name: str) -> str:
    return name.rstrip(".").lower().removeprefix("dualstack.")


def _target(record: Resource) -> str | None:
    if record["Type"] in ("A", "AAAA") and "AliasTarget" in record:
        return _normalized(record["AliasTarget"]["DNSName"])
    if record["Type"] == "CNAME" and record.get("ResourceRecords"):
        return _normalized(record["ResourceRecords"][0]["Value"])
    return None


def _priority(rule: Resource) -> int:
    return 0 if rule["IsDefault"] else int(rule["Priority"])


def _draining(state: Resource) -> bool:
    return state.get("TargetHealth", {}).get("State") == "draining"


def _attributes(elbv2: Any, group: Resource) -> dict[str, str]:
    answer = elbv2.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])
    return {each["Key"]: each["Value"] for each in answer["Attributes"]}


def _pem(cloudfront: Any, key_id: str) -> str:
    return cloudfront.get_public_key(Id=key_id)["PublicKey"]["PublicKeyConfig"]["EncodedKey"]
