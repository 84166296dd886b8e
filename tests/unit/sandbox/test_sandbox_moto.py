"""What moto lets pass and AWS refuses: checked in this process, without a server."""

from __future__ import annotations

import ipaddress
import json
import types

import boto3
import pytest
from moto import mock_aws, settings
from moto.acm.models import CertBundle
from moto.awslambda.models import LambdaFunction
from moto.core.authorization import ActionAuthenticatorMixin
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.elbv2.models import FakeLoadBalancer
from moto.iam.access_control import IAMRequestBase, PermissionResult
from moto.s3.models import FakeBucket, S3Backend

from sandbox import settings as sandbox
from sandbox.api import moto_server

BUCKET = "private"
EVERYTHING = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]


@pytest.fixture
def strict(monkeypatch):
    """moto with our rules, and as it was afterwards."""
    monkeypatch.setattr(CertBundle, "check", CertBundle.check)
    monkeypatch.setattr(CertBundle, "in_use_by", None, raising=False)
    monkeypatch.setattr(S3Backend, "put_bucket_policy", S3Backend.put_bucket_policy)
    monkeypatch.setattr(FakeBucket, "get_permission", FakeBucket.get_permission)
    monkeypatch.setattr(FakeLoadBalancer, "__init__", FakeLoadBalancer.__init__)
    monkeypatch.setattr(LambdaFunction, "update_function_code", LambdaFunction.update_function_code)
    monkeypatch.setattr(IAMRequestBase, "check_action_permitted", IAMRequestBase.check_action_permitted)
    monkeypatch.setattr(IAMRequestBase, "_create_aws_request", IAMRequestBase._create_aws_request)
    monkeypatch.setattr(settings, "ACM_VALIDATION_WAIT", -1)
    monkeypatch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
    name = "_authenticate_and_authorize_action"
    monkeypatch.setattr(ActionAuthenticatorMixin, name, getattr(ActionAuthenticatorMixin, name))
    moto_server.require_validation_records()
    moto_server.enforce_bucket_policies()
    moto_server.verify_role_signatures()
    monkeypatch.setattr(RegionsAndZonesBackend, "regions", RegionsAndZonesBackend.regions)
    moto_server.limit_regions_to_partition()
    moto_server.set_certificate_in_use_by()
    moto_server.set_default_load_balancer_attributes()
    moto_server.normalize_alias_targets()
    moto_server.change_architectures()
    monkeypatch.setattr(NetworkInterface, "check_auto_public_ip", NetworkInterface.check_auto_public_ip)
    moto_server.assign_public_ip_addresses()
    with mock_aws():
        yield boto3.Session("k", "s", region_name="us-east-1")


def request_certificate(acm) -> dict:
    names = {"DomainName": "lab.localhost", "SubjectAlternativeNames": ["*.lab.localhost", "other.localhost"]}
    arn = acm.request_certificate(**names, ValidationMethod="DNS")["CertificateArn"]
    return acm.describe_certificate(CertificateArn=arn)["Certificate"]


def put_record(route53, zone: str, record: dict, value: str) -> None:
    rrset = {"Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": value}]}
    change = {"Action": "UPSERT", "ResourceRecordSet": rrset}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})


def test_a_certificate_waits_for_all_its_records(strict):
    acm, route53 = strict.client("acm"), strict.client("route53")
    certificate = request_certificate(acm)
    records = {
        option["ResourceRecord"]["Name"]: option["ResourceRecord"] for option in certificate["DomainValidationOptions"]
    }
    zone = route53.create_hosted_zone(Name="localhost", CallerReference="x")["HostedZone"]["Id"]

    def status() -> str:
        return acm.describe_certificate(CertificateArn=certificate["CertificateArn"])["Certificate"]["Status"]

    first, second = records.values()
    put_record(route53, zone, first, first["Value"])
    assert status() == "PENDING_VALIDATION"
    put_record(route53, zone, second, "wrong.example.")
    assert status() == "PENDING_VALIDATION"
    put_record(route53, zone, second, second["Value"])
    assert status() == "ISSUED"


def statement(effect: str, principal: object, condition: dict | None = None) -> dict:
    found = {"Effect": effect, "Principal": principal, "Action": "s3:GetObject", "Resource": EVERYTHING}
    return found | ({"Condition": condition} if condition else {})


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (statement("Allow", "*"), PermissionResult.PERMITTED),
        (statement("Allow", {"AWS": "*"}), PermissionResult.PERMITTED),
        (statement("Allow", {"AWS": ["*"]}), PermissionResult.PERMITTED),
        (statement("Allow", {"Service": "cloudfront.amazonaws.com"}), PermissionResult.NEUTRAL),
        (statement("Allow", {"AWS": "arn:aws:iam::123456789012:root"}), PermissionResult.NEUTRAL),
        (statement("Allow", "*", {"StringEquals": {"aws:SourceVpce": "vpce-1"}}), PermissionResult.NEUTRAL),
        (statement("Deny", "*"), PermissionResult.DENIED),
        (statement("Deny", "*", {"Bool": {"aws:SecureTransport": "false"}}), PermissionResult.NEUTRAL),
        (statement("Deny", {"AWS": "arn:aws:iam::123456789012:role/x"}), PermissionResult.NEUTRAL),
    ],
)
def test_what_a_bucket_policy_says_of_strangers(rule, expected):
    bucket = types.SimpleNamespace(policy=json.dumps({"Statement": [rule]}).encode(), public_access_block=None)
    assert moto_server._bucket_permission(bucket, "s3:GetObject", f"{EVERYTHING[0]}/key") == expected


def test_a_public_policy_is_refused_under_the_public_access_block(strict):
    s3 = strict.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement("Allow", "*")]})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    s3.delete_bucket_policy(Bucket=BUCKET)
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={"BlockPublicPolicy": True})
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)


@pytest.fixture
def host(strict) -> boto3.Session:
    """A host with the temporary credentials of its role."""
    strict.client("ssm").put_parameter(Name="/lab/a", Value="a", Type="SecureString")
    arn = strict.client("iam").create_role(RoleName="web", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    given = strict.client("sts").assume_role(RoleArn=arn, RoleSessionName="i-1")["Credentials"]
    return boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], region_name="us-east-1")


# As forms, as JSON, in the path, without a body: what moto makes of each before it looks at the signature.
@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("iam", "get_role", {"RoleName": "web"}),
        ("ssm", "get_parameter", {"Name": "/lab/a", "WithDecryption": True}),
        ("lambda", "list_functions", {}),
        ("route53", "list_hosted_zones", {}),
        ("s3", "list_buckets", {}),
    ],
)
def test_only_a_right_signature_is_taken(host, service, operation, arguments):
    given = host.get_credentials()
    assert getattr(host.client(service), operation)(**arguments)
    forger = boto3.Session(given.access_key, "guess", given.token, region_name="us-east-1").client(service)
    with pytest.raises(forger.exceptions.ClientError) as refused:
        getattr(forger, operation)(**arguments)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_all_regions_are_of_the_accounts_partition(strict, host):
    told = [region["RegionName"] for region in strict.client("ec2").describe_regions()["Regions"]]
    assert {"us-east-1", "eu-central-1"} <= set(told)
    assert {boto3.Session().get_partition_for_region(name) for name in told} == {"aws"}


def test_a_new_load_balancer_tells_all_its_attributes(strict):
    ec2, elbv2 = strict.client("ec2"), strict.client("elbv2")
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]]
    arn = elbv2.create_load_balancer(Name="lab", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    told = elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    assert moto_server.LOAD_BALANCER_ATTRIBUTES.items() <= {item["Key"]: item["Value"] for item in told}.items()


def test_a_certificate_is_in_use_as_long_as_the_load_balancer_is_there(strict):
    acm, elbv2 = strict.client("acm"), strict.client("elbv2")
    certificate = request_certificate(acm)["CertificateArn"]
    subnets = [subnet["SubnetId"] for subnet in strict.client("ec2").describe_subnets()["Subnets"][:2]]
    arn = elbv2.create_load_balancer(Name="lab", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    given = {"Protocol": "HTTPS", "Port": 443, "DefaultActions": [answer]}
    elbv2.create_listener(LoadBalancerArn=arn, Certificates=[{"CertificateArn": certificate}], **given)
    assert acm.describe_certificate(CertificateArn=certificate)["Certificate"]["InUseBy"] == [arn]
    elbv2.delete_load_balancer(LoadBalancerArn=arn)
    assert acm.describe_certificate(CertificateArn=certificate)["Certificate"]["InUseBy"] == []


def test_an_alias_is_told_back_in_lower_case_and_with_its_last_dot(strict):
    route53 = strict.client("route53")
    zone = route53.create_hosted_zone(Name="lab.localhost", CallerReference="1")["HostedZone"]["Id"]
    target = {"HostedZoneId": "Z1", "DNSName": "Lab-1.elb.amazonaws.com", "EvaluateTargetHealth": False}
    record = {"Name": "site.lab.localhost", "Type": "A", "AliasTarget": target}
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    )
    told = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [each["AliasTarget"]["DNSName"] for each in told if "AliasTarget" in each] == ["lab-1.elb.amazonaws.com."]


def test_public_addresses_are_of_the_sandboxs_network_and_stay(strict):
    ec2 = strict.client("ec2")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    interface = {"DeviceIndex": 0, "AssociatePublicIpAddress": True}
    made = ec2.run_instances(ImageId=image, MinCount=2, MaxCount=2, NetworkInterfaces=[interface])["Instances"]
    ids = [each["InstanceId"] for each in made]

    def addresses() -> list[str]:
        found = ec2.describe_instances(InstanceIds=ids)["Reservations"][0]["Instances"]
        return [each["PublicIpAddress"] for each in found]

    first = addresses()
    assert len(set(first)) == 2
    assert all(ipaddress.ip_address(each) in ipaddress.ip_network(sandbox.PUBLIC_ADDRESSES) for each in first)
    ec2.stop_instances(InstanceIds=ids)
    ec2.start_instances(InstanceIds=ids)
    assert addresses() == first


def test_a_function_has_the_architecture_that_comes_with_its_code(strict):
    role = boto3.client("iam").create_role(RoleName="lab", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions, code = boto3.client("lambda", "us-east-1"), {"ZipFile": b"PK\x05\x06" + bytes(18)}
    of_arm = {"Runtime": "python3.13", "Handler": "a.b", "Architectures": ["arm64"]}
    functions.create_function(FunctionName="lab", Role=role, Code=code, **of_arm)
    functions.update_function_code(FunctionName="lab", **code)
    assert functions.get_function(FunctionName="lab")["Configuration"]["Architectures"] == ["arm64"]
    functions.update_function_code(FunctionName="lab", Architectures=["x86_64"], **code)
    assert functions.get_function(FunctionName="lab")["Configuration"]["Architectures"] == ["x86_64"]
