"""Faults, each made through the API behind the deployment's back, and taken back."""

from __future__ import annotations

import contextlib
import datetime
import functools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox import settings
from sandbox.compute import hosts
from sandbox.demo import viewer
from tests import modules
from tests.e2e import inside
from tests.e2e.waiting import wait_until

NAME, BUCKET = settings.PROJECT, settings.DATA_BUCKET
STAGING = f"{NAME}-ssm-{settings.ACCOUNT}-{settings.REGION}"
BLOCK = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
ANYBODY = {
    "Sid": "public",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": f"arn:aws:s3:::{BUCKET}/*",
}
Made = Iterator[None]


class Fault(NamedTuple):
    """How a fault is made, and which lines must name it.

    `words` are said by the line of a fault that has one, and no consequence that another line would see. `may` are
    lines that may name it too, because it has consequences for them.
    """

    make: Callable[[], contextlib.AbstractContextManager[None]]
    lines: set[str]
    words: str = ""
    may: frozenset[str] = frozenset()


client = functools.cache(settings.client)


@contextlib.contextmanager
def undoing(function: Callable[..., Made], *arguments: Any) -> Made:
    """What a function does up to its yield, and the rest of it whatever happens in between."""
    steps = function(*arguments)
    next(steps, None)
    try:
        yield
    finally:
        next(steps, None)


def made(function: Callable[..., Made], *arguments: Any) -> Callable[[], contextlib.AbstractContextManager[None]]:
    return functools.partial(undoing, function, *arguments)


# --- Buckets -----------------------------------------------------------------------------------------------------


def unblocked(bucket: str, *names: str) -> Made:
    s3, off = client("s3"), dict.fromkeys(names or BLOCK, False)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**BLOCK, **off})
    yield
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=BLOCK)


def policy(change: Callable[[list[dict]], list[dict]]) -> Made:
    s3 = client("s3")
    kept = s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    document = json.loads(kept)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({**document, "Statement": change(document["Statement"])}))
    yield
    s3.put_bucket_policy(Bucket=BUCKET, Policy=kept)


def public_bucket() -> Made:
    with contextlib.ExitStack() as stack:
        stack.enter_context(made(unblocked, BUCKET)())
        stack.enter_context(made(policy, lambda held: [*held, ANYBODY])())
        yield


def every_distribution(held: list[dict]) -> list[dict]:
    return [*held, {**ANYBODY, "Principal": {"Service": "cloudfront.amazonaws.com"}}]


def no_list(held: list[dict]) -> list[dict]:
    return [one for one in held if "s3:ListBucket" not in one["Action"]]


def another_distribution(held: list[dict]) -> list[dict]:
    arn = f"arn:aws:cloudfront::{settings.ACCOUNT}:distribution/E0OTHER"
    return [{**one, "Condition": {"StringEquals": {"AWS:SourceArn": arn}}} for one in held]


def website() -> Made:
    client("s3").put_bucket_website(Bucket=BUCKET, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    yield
    client("s3").delete_bucket_website(Bucket=BUCKET)


def encrypt(**how: str) -> None:
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": how}]}
    client("s3").put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration=rules)


def key_of_aws() -> Made:
    encrypt(SSEAlgorithm="aws:kms")
    yield
    encrypt(SSEAlgorithm="AES256")


# --- Distribution ------------------------------------------------------------------------------------------------


@functools.cache
def distribution_id() -> str:
    items = client("cloudfront").list_distributions()["DistributionList"]["Items"]
    return next(item["Id"] for item in items if settings.DATA_DOMAIN in item["Aliases"]["Items"])


def distribution(change: Callable[[dict], Any]) -> Made:
    cloudfront = client("cloudfront")

    def write(config: dict) -> None:
        tag = cloudfront.get_distribution_config(Id=distribution_id())["ETag"]
        cloudfront.update_distribution(Id=distribution_id(), IfMatch=tag, DistributionConfig=config)

    kept = cloudfront.get_distribution_config(Id=distribution_id())["DistributionConfig"]
    changed = json.loads(json.dumps(kept))
    change(changed)
    write(changed)
    yield
    write(kept)


def disable(config: dict) -> None:
    config["Enabled"] = False


def trust_nobody(config: dict) -> None:
    config["DefaultCacheBehavior"]["TrustedKeyGroups"] = {"Enabled": False, "Quantity": 0}


def open_path(config: dict) -> None:
    open_ = {
        **config["DefaultCacheBehavior"],
        "PathPattern": "/open/*",
        "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
    }
    config["CacheBehaviors"] = {"Quantity": 1, "Items": [open_]}


def old_tls(config: dict) -> None:
    config["ViewerCertificate"]["MinimumProtocolVersion"] = "TLSv1"


def unsigned_origin(config: dict) -> None:
    config["Origins"]["Items"][0]["OriginAccessControlId"] = ""


def key_too_many() -> Made:
    cloudfront = client("cloudfront")
    groups = [item["KeyGroup"] for item in cloudfront.list_key_groups()["KeyGroupList"]["Items"]]
    (group,) = [one for one in groups if one["KeyGroupConfig"]["Name"] == NAME]
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    text = pem.public_bytes(*form).decode()
    config = {"CallerReference": str(time.time()), "Name": f"stranger-{time.time():.0f}", "EncodedKey": text}
    key = cloudfront.create_public_key(PublicKeyConfig=config)

    def write(config: dict) -> None:
        tag = cloudfront.get_key_group(Id=group["Id"])["ETag"]
        cloudfront.update_key_group(Id=group["Id"], IfMatch=tag, KeyGroupConfig=config)

    kept = group["KeyGroupConfig"]
    write({**kept, "Items": [*kept["Items"], key["PublicKey"]["Id"]]})
    yield
    write(kept)
    cloudfront.delete_public_key(Id=key["PublicKey"]["Id"], IfMatch=key["ETag"])


def foreign_origin() -> Made:
    def allow(origins: list[str]) -> None:
        config["CorsConfig"]["AccessControlAllowOrigins"] = {"Quantity": len(origins), "Items": origins}
        write_headers(config)

    config, own = headers_policy()["ResponseHeadersPolicyConfig"], f"https://{settings.SITE_DOMAIN}"
    allow([own, "https://elsewhere.example"])
    yield
    allow([own])


def pages() -> Made:
    config = headers_policy()["ResponseHeadersPolicyConfig"]
    write_headers({name: value for name, value in config.items() if name != "SecurityHeadersConfig"})
    yield
    write_headers(config)


def headers_policy() -> dict[str, Any]:
    cloudfront = client("cloudfront")
    items = cloudfront.list_response_headers_policies(Type="custom")["ResponseHeadersPolicyList"]["Items"]
    policies = [item["ResponseHeadersPolicy"] for item in items]
    return next(one for one in policies if one["ResponseHeadersPolicyConfig"]["Name"] == NAME)


def write_headers(config: dict[str, Any]) -> None:
    cloudfront, policy_id = client("cloudfront"), headers_policy()["Id"]
    tag = cloudfront.get_response_headers_policy(Id=policy_id)["ETag"]
    cloudfront.update_response_headers_policy(Id=policy_id, IfMatch=tag, ResponseHeadersPolicyConfig=config)


# --- Load balancer -----------------------------------------------------------------------------------------------


def balancer() -> str:
    return client("elbv2").describe_load_balancers(Names=[NAME])["LoadBalancers"][0]["LoadBalancerArn"]


def listener(port: int) -> dict:
    held = client("elbv2").describe_listeners(LoadBalancerArn=balancer())["Listeners"]
    return next(one for one in held if one["Port"] == port)


def rule(path: str) -> dict:
    held = client("elbv2").describe_rules(ListenerArn=listener(443)["ListenerArn"])["Rules"]
    return next(one for one in held if any(path in each["PathPatternConfig"]["Values"] for each in one["Conditions"]))


def forward() -> list[dict]:
    return [{**action, "Order": 1} for action in rule("/")["Actions"] if action["Type"] == "forward"]


def of_listener(port: int, **changed: Any) -> Made:
    kept = listener(port)
    elbv2, before = client("elbv2"), {name: kept[name] for name in changed}
    new = {name: value() if callable(value) else value for name, value in changed.items()}
    elbv2.modify_listener(ListenerArn=kept["ListenerArn"], **new)
    yield
    elbv2.modify_listener(ListenerArn=kept["ListenerArn"], **before)


def without_rule(path: str) -> Made:
    elbv2, kept, place = client("elbv2"), rule(path), listener(443)["ListenerArn"]
    elbv2.delete_rule(RuleArn=kept["RuleArn"])
    yield
    said = {name: kept[name] for name in ("Conditions", "Actions")}
    elbv2.create_rule(ListenerArn=place, Priority=int(kept["Priority"]), **said)


def session_allowed() -> Made:
    elbv2, kept = client("elbv2"), rule("/session")
    changed = json.loads(json.dumps(kept["Actions"]))
    (sign_in,) = [action for action in changed if action["Type"] == "authenticate-cognito"]
    sign_in["AuthenticateCognitoConfig"]["OnUnauthenticatedRequest"] = "allow"
    elbv2.modify_rule(RuleArn=kept["RuleArn"], Actions=changed)
    yield
    elbv2.modify_rule(RuleArn=kept["RuleArn"], Actions=kept["Actions"])


def open_rule(path: str) -> Made:
    elbv2 = client("elbv2")
    conditions = [{"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}}]
    place = {"ListenerArn": listener(443)["ListenerArn"], "Priority": 5}
    new = elbv2.create_rule(**place, Conditions=conditions, Actions=forward())["Rules"][0]
    yield
    elbv2.delete_rule(RuleArn=new["RuleArn"])


def attribute(name: str) -> Made:
    set_attribute(name, "false")
    yield
    set_attribute(name, "true")


def set_attribute(name: str, value: str) -> None:
    attributes = [{"Key": name, "Value": value}]
    client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=balancer(), Attributes=attributes)


def listener_too_many() -> Made:
    elbv2 = client("elbv2")
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/plain"}}
    new = elbv2.create_listener(LoadBalancerArn=balancer(), Protocol="HTTP", Port=8080, DefaultActions=[answer])
    yield
    elbv2.delete_listener(ListenerArn=new["Listeners"][0]["ListenerArn"])


def target_states() -> list[str]:
    elbv2 = client("elbv2")
    group = elbv2.describe_target_groups(Names=[f"{NAME}-https-8443"])["TargetGroups"][0]["TargetGroupArn"]
    told = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [one["TargetHealth"]["State"] for one in told]


def pace(interval: int, failures: int) -> None:
    elbv2 = client("elbv2")
    group = elbv2.describe_target_groups(Names=[f"{NAME}-https-8443"])["TargetGroups"][0]["TargetGroupArn"]
    asked = {"HealthCheckIntervalSeconds": interval, "UnhealthyThresholdCount": failures}
    elbv2.modify_target_group(TargetGroupArn=group, HealthCheckTimeoutSeconds=min(5, interval - 1), **asked)


def settings_open() -> Made:
    """Whom they are given to is asked for neither by the load balancer nor by nginx."""
    host, file = inside.instance(), "/etc/nginx/nginx.conf"
    hosts.execute(host, "sed", "-i.kept", "/location = .settings.json/,/}/s/auth_request .*//", file)
    hosts.execute(host, "systemctl", "reload", "nginx")
    try:
        with made(session_allowed)():
            yield
    finally:
        hosts.execute(host, "mv", f"{file}.kept", file)
        hosts.execute(host, "systemctl", "reload", "nginx")


def nginx_stopped() -> Made:
    host = inside.instance()
    pace(interval=5, failures=2)
    hosts.execute(host, "systemctl", "stop", "nginx")
    try:
        wait_until(target_states, ["unhealthy"])
        yield
    finally:
        hosts.execute(host, "systemctl", "start", "nginx")
        pace(interval=15, failures=3)
        wait_until(target_states, ["healthy"])


def certificate_near_its_end() -> Made:
    """The listener shows another certificate of the same names, which ends in five days."""
    acm = client("acm")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    shown = certificate(key, days=5).public_bytes(serialization.Encoding.PEM)
    arn = acm.import_certificate(Certificate=shown, PrivateKey=key.private_bytes(*form))["CertificateArn"]
    with made(of_listener_certificate, arn)():
        yield
    acm.delete_certificate(CertificateArn=arn)


def of_listener_certificate(arn: str) -> Made:
    yield from of_listener(443, Certificates=[{"CertificateArn": arn}])


def certificate(key: rsa.RSAPrivateKey, days: int) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, settings.DOMAIN)])
    names = x509.SubjectAlternativeName([x509.DNSName(each) for each in (settings.DOMAIN, f"*.{settings.DOMAIN}")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=days))
    return builder.add_extension(names, critical=False).sign(key, hashes.SHA256())


# --- Instance ----------------------------------------------------------------------------------------------------


def group_id(name: str) -> str:
    asked = [{"Name": "group-name", "Values": [name]}]
    return client("ec2").describe_security_groups(Filters=asked)["SecurityGroups"][0]["GroupId"]


def open_port(group: str, port: int) -> Made:
    ec2 = client("ec2")
    permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    asked = {"GroupId": group_id(f"{NAME}-{group}"), "IpPermissions": [permission]}
    ec2.authorize_security_group_ingress(**asked)
    yield
    ec2.revoke_security_group_ingress(**asked)


def group_too_many() -> Made:
    ec2 = client("ec2")
    held = ec2.describe_instances(InstanceIds=[inside.instance()])["Reservations"][0]["Instances"][0]
    own = [one["GroupId"] for one in held["SecurityGroups"]]
    asked = [{"Name": "vpc-id", "Values": [held["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    other = ec2.describe_security_groups(Filters=asked)["SecurityGroups"][0]["GroupId"]
    ec2.modify_instance_attribute(InstanceId=held["InstanceId"], Groups=[*own, other])
    yield
    ec2.modify_instance_attribute(InstanceId=held["InstanceId"], Groups=own)


def old_metadata() -> Made:
    ec2, held = client("ec2"), inside.instance()
    ec2.modify_instance_metadata_options(InstanceId=held, HttpTokens="optional")
    yield
    ec2.modify_instance_metadata_options(InstanceId=held, HttpTokens="required")


def unprotected() -> Made:
    ec2, held = client("ec2"), inside.instance()
    ec2.modify_instance_attribute(InstanceId=held, DisableApiTermination={"Value": False})
    yield
    ec2.modify_instance_attribute(InstanceId=held, DisableApiTermination={"Value": True})


def inline_policy() -> Made:
    iam = client("iam")
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=NAME, PolicyName="more", PolicyDocument=document)
    yield
    iam.delete_role_policy(RoleName=NAME, PolicyName="more")


# --- User pool ---------------------------------------------------------------------------------------------------


def changed(module: str, **arguments: Any) -> None:
    told = modules.run(module, name=NAME, region=settings.REGION, **arguments)
    assert not told.get("failed"), told["msg"]


def self_sign_up() -> Made:
    changed("cognito_user_pool", admin_create_user_config={"allow_admin_create_user_only": False})
    yield
    changed("cognito_user_pool", admin_create_user_config={"allow_admin_create_user_only": True})


def callback_too_many() -> Made:
    own = f"https://{settings.SITE_DOMAIN}/oauth2/idpresponse"
    changed(
        "cognito_user_pool_client", user_pool_id=viewer.pool_id(), callback_urls=[own, "https://elsewhere.example/"]
    )
    yield
    changed("cognito_user_pool_client", user_pool_id=viewer.pool_id(), callback_urls=[own])


def client_too_many() -> Made:
    cognito = client("cognito-idp")
    new = cognito.create_user_pool_client(UserPoolId=viewer.pool_id(), ClientName="stranger")["UserPoolClient"][
        "ClientId"
    ]
    yield
    cognito.delete_user_pool_client(UserPoolId=viewer.pool_id(), ClientId=new)


# --- All of them -------------------------------------------------------------------------------------------------

COOKIES = {f"cookie-{line}" for line in ("other-key", "expired", "other-resource", "tampered", "plain-base64")}
BELIEVED = frozenset({"identity-forged", "session-closed"})
FAULTS = {
    "bucket public": Fault(made(public_bucket), {"bucket-block", "bucket-others", "bucket-direct"}),
    "ListBucket removed": Fault(made(policy, no_list), {"bucket-statements", "object-missing"}),
    "policy for another distribution": Fault(made(policy, another_distribution), {"bucket-statements", "cookie-good"}),
    "distribution disabled": Fault(made(distribution, disable), {"distribution", "data-certificate", "data-http"}),
    "key group removed": Fault(
        made(distribution, trust_nobody), {"distribution-keys", "data-closed", "listing", *COOKIES}
    ),
    "origin access control removed": Fault(made(distribution, unsigned_origin), {"distribution-origin", "cookie-good"}),
    "foreign origin in the headers policy": Fault(made(foreign_origin), {"headers-policy", "cors-foreign"}),
    "objects as pages": Fault(made(pages), {"headers-guards"}),
    "default action without sign-in": Fault(
        made(lambda: of_listener(443, DefaultActions=forward)),
        {"listener-default", "path-unknown", "login"},
        may=BELIEVED,
    ),
    "deny rule deleted": Fault(made(without_rule, "/session"), {"listener-session", "session-closed"}),
    "deny turned into allow": Fault(made(session_allowed), {"listener-session"}, may=BELIEVED),
    "public rule deleted": Fault(made(without_rule, "/"), {"listener-public", "shell"}),
    "login made public": Fault(made(open_rule, "/login"), {"listener-public", "login"}, may=BELIEVED),
    "settings made public": Fault(
        made(settings_open), {"listener-session", "session-closed", "settings-closed"}, may=BELIEVED
    ),
    "HTTP forwarded": Fault(made(lambda: of_listener(80, DefaultActions=forward)), {"listener-http", "site-http"}),
    "nginx stopped": Fault(made(nginx_stopped), {"targets", "shell"}),
    # What only the API shows.
    "one block of public access off": Fault(
        made(unblocked, BUCKET, "RestrictPublicBuckets"), {"bucket-block"}, "RestrictPublicBuckets off"
    ),
    "every distribution may read": Fault(made(policy, every_distribution), {"bucket-others"}, "every distribution"),
    "website hosting on": Fault(made(website), {"bucket-website"}, "hosts a website"),
    "encrypted with AWS's own key": Fault(made(key_of_aws), {"bucket-encryption"}, "aws/s3"),
    "staging bucket opened": Fault(made(unblocked, STAGING), {"staging-private"}, "BlockPublicPolicy"),
    "a path without key group": Fault(
        made(distribution, open_path), {"distribution-behaviours"}, "/open/*: it asks nobody"
    ),
    "old TLS at CloudFront": Fault(made(distribution, old_tls), {"distribution-viewers"}, "least TLS version is TLSv1"),
    "a key too many": Fault(made(key_too_many), {"key-group"}, "which is none of signing_keys"),
    "public path too many": Fault(made(open_rule, "/reports/*"), {"listener-public"}, "/reports/* needs no sign-in"),
    "old TLS policy": Fault(
        made(lambda: of_listener(443, SslPolicy="ELBSecurityPolicy-2016-08")),
        {"listener-tls"},
        "ELBSecurityPolicy-2016-08",
    ),
    "invalid headers passed on": Fault(
        made(attribute, "routing.http.drop_invalid_header_fields.enabled"), {"load-balancer-attributes"}, "is false"
    ),
    "a listener too many": Fault(made(listener_too_many), {"listeners"}, "port 8080 too"),
    "certificate near its end": Fault(made(certificate_near_its_end), {"certificates"}, "ends in 4 days"),
    "port 22 opened": Fault(made(open_port, "instance", 22), {"instance-doors"}, "tcp 22 of 0.0.0.0/0"),
    "a port too many at the load balancer": Fault(
        made(open_port, "load-balancer", 8080), {"balancer-doors"}, "tcp 8080 of 0.0.0.0/0"
    ),
    "a security group too many": Fault(made(group_too_many), {"instance-groups"}, "it has the groups default"),
    "IMDSv1 allowed": Fault(made(old_metadata), {"instance-metadata"}, "IMDSv1"),
    "termination protection off": Fault(made(unprotected), {"instance-protection"}, "terminated by mistake"),
    "a policy too many on the role": Fault(made(inline_policy), {"instance-role"}, "inline policies more besides"),
    "sign-up switched on": Fault(made(self_sign_up), {"pool-sign-up"}, "anybody can sign up"),
    "a callback too many": Fault(made(callback_too_many), {"pool-client"}, "https://elsewhere.example/"),
    "an app client too many": Fault(made(client_too_many), {"pool-clients"}, "stranger"),
}
SEEN_OUTSIDE = {name: fault for name, fault in FAULTS.items() if not fault.words}
ONLY_TOLD = {name: fault for name, fault in FAULTS.items() if fault.words}
