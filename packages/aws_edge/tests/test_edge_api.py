"""What the edge reads of an account, from the emulators that the sandbox runs, and where names lead."""

from __future__ import annotations

import datetime
import inspect
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from aws_edge.account import security_groups
from aws_edge.account.api import Api
from aws_edge.cache import Cache
from aws_edge.config import Config
from aws_edge.dispatch import Resolver, covers
from aws_edge.load_balancer.rules import select
from fakes import BUCKET, DATA, SITE, FakeApi, key_pair, request

DOMAIN = "lab.localhost"


@pytest.fixture
def api(aws) -> Api:
    return Api(Config("", "", "amazoncognito.localhost", cache_seconds=0))


def public_methods(kind: type) -> dict[str, list[str]]:
    found = inspect.getmembers(kind, inspect.isfunction)
    return {name: list(inspect.signature(each).parameters) for name, each in found if not name.startswith("_")}


def test_the_stand_in_of_the_tests_has_the_methods_of_the_real_one():
    assert public_methods(FakeApi) == public_methods(Api)


def certificate(client) -> str:
    acm = client("acm")
    arn = acm.request_certificate(DomainName=DOMAIN, SubjectAlternativeNames=[f"*.{DOMAIN}"], ValidationMethod="DNS")
    return arn["CertificateArn"]


def balancer(client, certificate_arn: str) -> dict:
    ec2, elbv2 = client("ec2"), client("elbv2")
    subnets = ec2.describe_subnets()["Subnets"][:2]
    made = elbv2.create_load_balancer(Name="lb", Subnets=[each["SubnetId"] for each in subnets])["LoadBalancers"][0]
    fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "default"}}]
    listener = elbv2.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"],
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate_arn}],
        DefaultActions=fixed,
    )["Listeners"][0]
    for priority, path in ((20, "/*"), (10, "/a")):
        elbv2.create_rule(
            ListenerArn=listener["ListenerArn"],
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [path, "/never"]}}],
            Actions=[{**fixed[0], "FixedResponseConfig": {"StatusCode": "200", "MessageBody": path}}],
        )
    return made


def alias(client, zone_id: str, name: str, target: str) -> None:
    record = {"Name": name, "Type": "A"}
    record |= {"AliasTarget": {"HostedZoneId": "Z1", "DNSName": target, "EvaluateTargetHealth": False}}
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record}]
    client("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})


def zone(client) -> str:
    return client("route53").create_hosted_zone(Name=DOMAIN, CallerReference="1")["HostedZone"]["Id"]


@pytest.mark.conformance
def test_a_name_of_the_zone_leads_to_its_load_balancer(client, api, monkeypatch):
    certificate_arn = certificate(client)
    made = balancer(client, certificate_arn)
    zone_id = zone(client)
    names = Resolver(api, api._config)
    assert names.resolve(SITE) is None
    alias(client, zone_id, SITE, f"dualstack.{made['DNSName']}")
    destination = names.resolve(SITE)
    assert (destination.part, destination.resource["LoadBalancerArn"]) == ("load_balancer", made["LoadBalancerArn"])
    assert names.resolve(made["DNSName"].lower()).part == "load_balancer"
    monkeypatch.setattr(api, "certificate_names", {certificate_arn: (DOMAIN, f"*.{DOMAIN}")}.get)
    assert names.certificate_names(SITE) == (DOMAIN, f"*.{DOMAIN}")
    assert names.certificate_names("elsewhere.localhost") == ()


@pytest.mark.conformance
def test_a_certificate_counts_once_it_is_issued(client, api):
    arn = certificate(client)
    assert api.certificate_names(arn) == ()
    assert api.certificate_names(arn.replace("certificate/", "certificate/0")) == ()
    private_pem, body = key_and_certificate()
    imported = client("acm").import_certificate(Certificate=body, PrivateKey=private_pem)["CertificateArn"]
    assert api.certificate_names(imported) == ("imported.lab.localhost",)


def key_and_certificate() -> tuple[bytes, bytes]:
    pem = key_pair()[0].encode()
    key = serialization.load_pem_private_key(pem, None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "imported.lab.localhost")])
    now = datetime.datetime.now(datetime.UTC)
    built = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now.replace(year=2099)
    )
    signed = built.sign(key, hashes.SHA256())
    return pem, signed.public_bytes(serialization.Encoding.PEM)


@pytest.mark.conformance
def test_rules_come_by_priority(client, api):
    made = balancer(client, certificate(client))
    (listener,) = api.listeners(made["LoadBalancerArn"])
    rules = api.rules(listener["ListenerArn"])
    assert [rule["Priority"] for rule in rules] == ["10", "20", "default"]
    chosen = select(rules, request("/a"))["Actions"][0]
    assert chosen["FixedResponseConfig"]["MessageBody"] == "/a"


def test_target_groups_and_targets(client, api):
    vpc_id = client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    elbv2 = client("elbv2")
    group = elbv2.create_target_group(
        Name="tg", Protocol="HTTPS", Port=8443, VpcId=vpc_id, TargetType="ip", HealthCheckPath="/healthz"
    )["TargetGroups"][0]["TargetGroupArn"]
    elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.1"}, {"Id": "10.0.0.2", "Port": 9000}])
    assert api.targets(group) == [("10.0.0.1", 8443), ("10.0.0.2", 9000)]
    read = api.target_groups()[group]
    assert (read["Protocol"], read["HealthCheckPath"]) == ("HTTPS", "/healthz")
    assert read["Attributes"]["stickiness.enabled"] == "false"


def test_the_rules_of_security_groups_together(client, api):
    ec2 = client("ec2")
    vpc_id = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    made = [ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_id)["GroupId"] for name in "ab"]
    for port, group in enumerate(made, 8000):
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    coming = api.permissions("IpPermissions", *made)
    assert [security_groups.allows(coming, port, "192.0.2.1") for port in (7999, 8000, 8001)] == [False, True, True]
    assert security_groups.allows(api.permissions("IpPermissionsEgress", *made), 443, security_groups.ANYWHERE)
    assert api.permissions("IpPermissions") == []


def distribution(client, key_group_id: str, certificate_arn: str) -> dict:
    origin = {"Id": "s3", "DomainName": f"{BUCKET}.s3.us-east-1.amazonaws.com", "OriginAccessControlId": "O1"}
    config = {
        "CallerReference": "1",
        "Comment": "",
        "Enabled": True,
        "Aliases": {"Quantity": 1, "Items": [DATA]},
        "Origins": {"Quantity": 1, "Items": [{**origin, "S3OriginConfig": {"OriginAccessIdentity": ""}}]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "s3",
            "ViewerProtocolPolicy": "redirect-to-https",
            "TrustedKeyGroups": {"Enabled": True, "Quantity": 1, "Items": [key_group_id]},
        },
        "ViewerCertificate": {"ACMCertificateArn": certificate_arn, "SSLSupportMethod": "sni-only"},
    }
    return client("cloudfront").create_distribution(DistributionConfig=config)["Distribution"]


def test_a_distribution_and_its_trusted_keys(client, api):
    cloudfront = client("cloudfront")
    public = key_pair()[1]
    key_config = {"CallerReference": "1", "Name": "k", "EncodedKey": public}
    key_id = cloudfront.create_public_key(PublicKeyConfig=key_config)["PublicKey"]["Id"]
    group_id = cloudfront.create_key_group(KeyGroupConfig={"Name": "g", "Items": [key_id]})["KeyGroup"]["Id"]
    made = distribution(client, group_id, certificate(client))
    alias(client, zone(client), DATA, made["DomainName"])
    names = Resolver(api, api._config)
    destination = names.resolve(DATA)
    assert (destination.part, destination.resource["Id"], destination.resource["ARN"]) == (
        "cdn",
        made["Id"],
        made["ARN"],
    )
    groups = api.distribution(made["Id"])["DefaultCacheBehavior"]["TrustedKeyGroups"]["Items"]
    assert names.certificate_names(DATA) == (), "not issued yet"
    assert {name: pem.strip() for name, pem in api.trusted_keys(tuple(groups)).items()} == {key_id: public.strip()}


def test_policies_of_cloudfront(client, api):
    cloudfront = client("cloudfront")
    control = {
        "Name": "o",
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    made = cloudfront.create_origin_access_control(OriginAccessControlConfig=control)["OriginAccessControl"]["Id"]
    assert api.origin_access_control(made)["SigningBehavior"] == "always"
    custom = {"Quantity": 1, "Items": [{"Header": "X-A", "Value": "1", "Override": True}]}
    config = {"Name": "r", "CustomHeadersConfig": custom}
    policy = cloudfront.create_response_headers_policy(ResponseHeadersPolicyConfig=config)["ResponseHeadersPolicy"]
    assert api.response_headers_policy(policy["Id"])["CustomHeadersConfig"]["Items"][0]["Value"] == "1"
    optimized = api.cache_policy("658327ea-f89d-4fab-a63d-7e88639e58f6")
    assert optimized["ParametersInCacheKeyAndForwardedToOrigin"]["EnableAcceptEncodingGzip"] is True


def test_bucket_policies(client, api):
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    assert api.bucket_policy(BUCKET) is None
    document = {"Version": "2012-10-17", "Statement": []}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))
    assert api.bucket_policy(BUCKET) == document
    assert api.bucket_policy("no-such-bucket") is None


def test_user_pools(client, api):
    cognito = client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="p")["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain="lab", UserPoolId=pool_id)
    made = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="c", GenerateSecret=True)["UserPoolClient"]
    assert api.user_pool_of_domain("lab") == pool_id
    assert api.user_pool_of_domain("other") is None
    assert api.user_pool_client(pool_id, made["ClientId"])["ClientSecret"] == made["ClientSecret"]
    assert api.user_pool_client(pool_id, "nobody") is None
    cognito.admin_create_user(UserPoolId=pool_id, Username="ada", MessageAction="SUPPRESS")
    assert api.user(pool_id, "ada")["Username"] == "ada"
    cognito.admin_disable_user(UserPoolId=pool_id, Username="ada")
    assert api.user(pool_id, "ada") is None
    assert api.user(pool_id, "eve") is None


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("lab.auth.us-east-1.amazoncognito.localhost", "login"),
        ("public-keys.auth.elb.us-east-1.amazonaws.localhost", "keys"),
        ("accounts.google.localhost", "google"),
        ("x.accounts.google.localhost", None),
        ("auth.us-east-1.amazoncognito.localhost", None),
        ("a.b.auth.us-east-1.amazoncognito.localhost", None),
        ("", None),
    ],
)
def test_names_of_aws_and_google_themselves(name, part):
    config = Config("", "", "amazoncognito.localhost", google_domain="accounts.google.localhost")
    destination = Resolver(FakeApi(), config).resolve(name)
    assert (destination and destination.part) == part


@pytest.mark.conformance
@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [("a.b", "a.b", True), ("*.b", "a.b", True), ("*.b", "b", False), ("*.b", "x.a.b", False), ("a.b", "b.b", False)],
)
def test_names_of_certificates(pattern, name, expected):
    assert covers(pattern, name) is expected


def test_the_cache_keeps_values_for_its_time_and_no_failures():
    now = [0.0]
    cache = Cache(1, lambda: now[0])
    values = iter([1, 2, 3])
    assert [cache.get("k", lambda: next(values)) for _turn in range(2)] == [1, 1]
    now[0] = 1.0
    assert cache.get("k", lambda: next(values)) == 2
    with pytest.raises(ZeroDivisionError):
        cache.get("other", lambda: 1 / 0)
    assert cache.get("other", lambda: "good") == "good"
    cache.forget("k")
    assert cache.get("k", lambda: next(values)) == 3
