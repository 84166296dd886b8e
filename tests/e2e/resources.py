"""The ids of all that is in the account: what is replaced gets another one."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import jmespath

from sandbox import settings

Ids = dict[str, list[Any]]
# By service and operation: where the ids stand in the answer, and what the operation has to be given.
LISTED: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {
    ("acm", "list_certificates"): ("CertificateSummaryList[].CertificateArn", {}),
    ("cloudfront", "list_distributions"): ("DistributionList.Items[].Id", {}),
    ("cloudfront", "list_key_groups"): ("KeyGroupList.Items[].KeyGroup.Id", {}),
    ("cloudfront", "list_origin_access_controls"): ("OriginAccessControlList.Items[].Id", {}),
    ("cloudfront", "list_public_keys"): ("PublicKeyList.Items[].Id", {}),
    ("cloudfront", "list_response_headers_policies"): (
        "ResponseHeadersPolicyList.Items[].ResponseHeadersPolicy.Id",
        {"Type": "custom"},
    ),
    ("cognito-idp", "list_user_pools"): ("UserPools[].Id", {"MaxResults": 60}),
    ("cognito-identity", "list_identity_pools"): ("IdentityPools[].IdentityPoolId", {"MaxResults": 60}),
    ("ec2", "describe_instances"): ("Reservations[].Instances[].InstanceId", {}),
    ("ec2", "describe_volumes"): ("Volumes[].VolumeId", {}),
    ("ec2", "describe_security_groups"): ("SecurityGroups[].GroupId", {}),
    ("elbv2", "describe_load_balancers"): ("LoadBalancers[].LoadBalancerArn", {}),
    ("elbv2", "describe_target_groups"): ("TargetGroups[].TargetGroupArn", {}),
    ("iam", "list_roles"): ("Roles[].[RoleName, RoleId]", {}),
    ("iam", "list_instance_profiles"): ("InstanceProfiles[].InstanceProfileId", {}),
    ("lambda", "list_functions"): ("Functions[].FunctionArn", {}),
    ("s3", "list_buckets"): ("Buckets[].[Name, CreationDate]", {}),
    ("sns", "list_topics"): ("Topics[].TopicArn", {}),
    ("sns", "list_subscriptions"): ("Subscriptions[].SubscriptionArn", {}),
    # A parameter that is written anew has another version.
    ("ssm", "describe_parameters"): ("Parameters[].[Name, Version]", {}),
}


def ask(service: str, operation: str, ids: str, **given: Any) -> list[Any]:
    answer = getattr(settings.client(service), operation)(**given)
    return sorted(map(str, jmespath.search(ids, answer) or []))


def of_each(parents: list[str], service: str, operation: str, name: str, ids: str) -> list[Any]:
    """The ids of what belongs to others."""
    found = (ask(service, operation, ids, **{name: parent}) for parent in parents)
    return sorted(itertools.chain.from_iterable(found))


def everything() -> Ids:
    """All ids, by operation."""
    found = {operation: ask(service, operation, *spec[:1], **spec[1]) for (service, operation), spec in LISTED.items()}
    below = functools.partial(of_each, found["list_user_pools"], "cognito-idp")
    balancers = found["describe_load_balancers"]
    return {
        **found,
        "app clients": below("list_user_pool_clients", "UserPoolId", "UserPoolClients[].ClientId"),
        "providers": below("list_identity_providers", "UserPoolId", "Providers[].ProviderName"),
        "users": below("list_users", "UserPoolId", "Users[].Username"),
        "listeners": of_each(balancers, "elbv2", "describe_listeners", "LoadBalancerArn", "Listeners[].ListenerArn"),
    }
