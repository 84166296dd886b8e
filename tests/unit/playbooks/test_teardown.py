"""playbooks/teardown.yml against the emulators: what it says, what it takes, and what it leaves to others."""

from __future__ import annotations

import io
import json
import os
import pathlib
import re
import subprocess
import sys
import zipfile
from typing import Any

import pytest
import yaml
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.certificate import remains
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.unit.deployment.verify_fakes import context_of

ROOT = pathlib.Path(__file__).parents[3]
ACCOUNT, REGION, BUCKET = "123456789012", "us-east-1", "private-data"
OWNERS = {"Sid": "Owner", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket"}
OWNERS["Resource"] = f"arn:aws:s3:::{BUCKET}"
RIGHT = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
ZONE = "example.org"


def inventory(project: str) -> dict[str, Any]:
    place = {"aws_account_id": ACCOUNT, "aws_region": REGION, "hosted_zone": ZONE, "data_bucket": BUCKET}
    return {"project": project, "domain": f"{project}.{ZONE}", **place}


class Account:
    """An account in which deployments are, made by their names."""

    def __init__(self, client):
        names = ("acm", "cloudfront", "cognito-idp", "ec2", "elbv2", "iam", "lambda", "logs", "route53", "s3", "ssm")
        for name in names:
            setattr(self, name.replace("-", "_"), client(name))
        self.client = client
        self.zone = self.route53.create_hosted_zone(Name=ZONE, CallerReference="zone")["HostedZone"]["Id"]
        self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_object(Bucket=BUCKET, Key="volume", Body=b"voxels")
        vpcs = self.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
        self.vpc = vpcs[0]["VpcId"]
        found = self.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["Subnets"]
        self.subnets = [subnet["SubnetId"] for subnet in found[:2]]

    def record(self, name, kind, **what):
        change = {"Action": "UPSERT", "ResourceRecordSet": {"Name": name, "Type": kind, **what}}
        self.route53.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch={"Changes": [change]})

    def alias(self, name, kind, target):
        where = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": f"{target.lower()}.", "EvaluateTargetHealth": False}
        self.record(name, kind, AliasTarget=where)

    def build(self, project):
        tags = [{"Key": "Project", "Value": project}, {"Key": "Name", "Value": project}]
        groups = self.security_groups(project, tags)
        self.balancer(project, groups[0])
        self.instance(project, groups[1], tags)
        self.login(project)
        self.data(project)
        return self

    def security_groups(self, project, tags):
        made = [
            self.ec2.create_security_group(
                GroupName=f"{project}-{suffix}",
                Description=suffix,
                VpcId=self.vpc,
                TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
            )["GroupId"]
            for suffix in ("load-balancer", "instance")
        ]
        for this, other in (made, reversed(made)):
            rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": other}]}
            self.ec2.authorize_security_group_ingress(GroupId=this, IpPermissions=[rule])
        return made

    def balancer(self, project, group):
        (made,) = self.elbv2.create_load_balancer(Name=project, Subnets=self.subnets, SecurityGroups=[group])[
            "LoadBalancers"
        ]
        protected = [{"Key": "deletion_protection.enabled", "Value": "true"}]
        self.elbv2.modify_load_balancer_attributes(LoadBalancerArn=made["LoadBalancerArn"], Attributes=protected)
        for port in (8443, 9443):
            self.elbv2.create_target_group(Name=f"{project}-https-{port}", Protocol="HTTPS", Port=port, VpcId=self.vpc)
        self.alias(f"neuroglancer.{project}.{ZONE}", "A", made["DNSName"])

    def instance(self, project, group, tags):
        image = self.ec2.describe_images()["Images"][0]["ImageId"]
        self.ec2.run_instances(
            ImageId=image,
            MinCount=1,
            MaxCount=1,
            SecurityGroupIds=[group],
            SubnetId=self.subnets[0],
            DisableApiTermination=True,
            TagSpecifications=[{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")],
        )
        self.iam.create_role(RoleName=project, AssumeRolePolicyDocument=TRUST)
        self.iam.put_role_policy(RoleName=project, PolicyName="parameters", PolicyDocument=RIGHT)
        self.iam.create_instance_profile(InstanceProfileName=project)
        self.iam.add_role_to_instance_profile(InstanceProfileName=project, RoleName=project)
        bucket = f"{project}-ssm-{ACCOUNT}-{REGION}"
        self.s3.create_bucket(Bucket=bucket)
        self.s3.put_object(Bucket=bucket, Key="left", Body=b"over")

    def login(self, project):
        name = f"{project}-sign-in"
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        role = self.iam.get_role(RoleName=name)["Role"]["Arn"]
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("sign_in.py", "")
        self.__dict__["lambda"].create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="sign_in.handler",
            Code={"ZipFile": code.getvalue()},
        )
        self.logs.create_log_group(logGroupName=f"/aws/lambda/{name}")
        pool = self.cognito_idp.create_user_pool(PoolName=project, DeletionProtection="ACTIVE")["UserPool"]["Id"]
        self.cognito_idp.create_user_pool_domain(Domain=project, UserPoolId=pool)

    def data(self, project):
        pem = self.new_public_key()
        keys = [
            self.cloudfront.create_public_key(
                PublicKeyConfig={
                    "CallerReference": f"{project}-{label}",
                    "Name": f"{project}-{label}-0123456789ab",
                    "EncodedKey": pem,
                    "Comment": f"data.{project}.{ZONE}: cookies signed by {label}",
                }
            )["PublicKey"]["Id"]
            for label in ("k0", "k1")
        ]
        group = self.cloudfront.create_key_group(KeyGroupConfig={"Name": project, "Items": keys[1:]})["KeyGroup"]["Id"]
        access = {"Name": project, "SigningProtocol": "sigv4", "SigningBehavior": "always"}
        self.cloudfront.create_origin_access_control(
            OriginAccessControlConfig={**access, "OriginAccessControlOriginType": "s3"}
        )
        self.cloudfront.create_response_headers_policy(ResponseHeadersPolicyConfig={"Name": project})
        self.distribution(project, group)
        for label in ("k0", "k1"):
            for suffix, kind in (("", "SecureString"), (".pub", "String")):
                name = f"/{project}/cookie-signing-keys/{label}{suffix}"
                self.ssm.put_parameter(Name=name, Value="x", Type=kind)
        self.certificate(project)
        self.policy(project)

    @staticmethod
    def new_public_key():
        command = "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 | openssl pkey -pubout"
        return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout

    def distribution(self, project, group):
        name = f"data.{project}.{ZONE}"
        behavior = {
            "TargetOriginId": "data",
            "ViewerProtocolPolicy": "https-only",
            "TrustedKeyGroups": {"Enabled": True, "Quantity": 1, "Items": [group]},
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        }
        origin = {"Id": "data", "DomainName": f"{BUCKET}.s3.amazonaws.com"}
        config = {
            "CallerReference": project,
            "Comment": "",
            "Enabled": True,
            "Aliases": {"Quantity": 1, "Items": [name]},
            "Origins": {"Quantity": 1, "Items": [{**origin, "S3OriginConfig": {"OriginAccessIdentity": ""}}]},
            "DefaultCacheBehavior": behavior,
        }
        made = self.cloudfront.create_distribution(DistributionConfig=config)["Distribution"]
        for kind in ("A", "AAAA"):
            self.alias(name, kind, made["DomainName"])

    def certificate(self, project, region=REGION, domain=None):
        domain = domain or f"{project}.{ZONE}"
        acm = self.client("acm", region_name=region)
        arn = acm.request_certificate(
            DomainName=domain, SubjectAlternativeNames=[f"*.{domain}"], ValidationMethod="DNS"
        )["CertificateArn"]
        for option in acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]:
            record = option["ResourceRecord"]
            self.record(record["Name"], "CNAME", TTL=300, ResourceRecords=[{"Value": record["Value"]}])
        return arn

    def policy(self, project):
        ours = [
            {"Sid": f"{project}-{action}", "Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}}
            | {"Action": f"s3:{action}", "Resource": f"arn:aws:s3:::{BUCKET}{'/*' if action == 'GetObject' else ''}"}
            for action in ("GetObject", "ListBucket")
        ]
        held = self.statements() or [OWNERS]
        document = {"Version": "2012-10-17", "Statement": [*held, *ours]}
        self.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))

    def statements(self):
        try:
            return json.loads(self.s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
        except self.s3.exceptions.ClientError:
            return []


@pytest.fixture
def account(client):
    return Account(client)


@pytest.fixture
def held(run_module):
    """What deployment_info tells of a deployment, without the ids that AWS makes."""

    def look(project, **more):
        given = inventory(project)
        named = {name: given[name] for name in ("project", "domain", "hosted_zone", "data_bucket")}
        told = run_module(
            "deployment_info",
            **named,
            site_domain=f"neuroglancer.{project}.{ZONE}",
            data_domain=f"data.{project}.{ZONE}",
            staging_bucket=f"{project}-ssm-{ACCOUNT}-{REGION}",
            signing_key_path=f"/{project}/cookie-signing-keys",
            **more,
        )
        assert "resources" in told, told
        return told["resources"]

    return look


@pytest.fixture
def teardown(aws, tmp_path):
    """Run the playbook, that has to fail; what it said, white space made plain."""
    environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path)}

    def refused(*words, **variables):
        (tmp_path / "variables.json").write_text(json.dumps({**inventory("lab"), **variables}))
        command = ["ansible-playbook", "-i", "localhost,", "-e", f"@{tmp_path}/variables.json", *words]
        done = subprocess.run(
            [*command, ROOT / "playbooks" / "teardown.yml"],
            env={**environment, "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode != 0, done.stdout + done.stderr
        return " ".join(done.stdout.split())

    return refused


EVERYTHING = {
    "statement in the policy of the bucket": {f"lab-GetObject of {BUCKET}", f"lab-ListBucket of {BUCKET}"},
    "A record": {f"neuroglancer.lab.{ZONE}.", f"data.lab.{ZONE}."},
    "AAAA record": {f"data.lab.{ZONE}."},
    "load balancer": {"lab"},
    "target group": {"lab-https-8443", "lab-https-9443"},
    "instance": {"i-"},
    "instance profile": {"lab"},
    "role": {"lab", "lab-sign-in"},
    "bucket": {f"lab-ssm-{ACCOUNT}-{REGION}"},
    "security group": {"lab-load-balancer of vpc-", "lab-instance of vpc-"},
    "user pool with all its users": {"lab (us-east-1_)"},
    "function": {"lab-sign-in"},
    "log": {"/aws/lambda/lab-sign-in"},
    "distribution": {f"E (data.lab.{ZONE})"},
    "key group": {"lab"},
    "response headers policy": {"lab"},
    "origin access control": {"lab"},
    "public key": {"lab-k0-0123456789ab", "lab-k1-0123456789ab"},
    "parameter": {f"/lab/cookie-signing-keys/{key}" for key in ("k0", "k0.pub", "k1", "k1.pub")},
    "certificate": {f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/"},
    "CNAME record": {f"_.lab.{ZONE}."},
}
MADE_BY_AWS = r"(?<=i-|c-)[0-9a-f]{17}|(?<=us-east-1_)\w+|(?<=^E)[0-9A-Z]{8,}|(?<=certificate/).+|(?<=^_)[0-9a-f]+"


def by_kind(resources):
    """The names of each kind, without what AWS chooses."""
    found: dict[str, set[str]] = {}
    for one in resources:
        found.setdefault(one["kind"], set()).add(re.sub(MADE_BY_AWS, "", one["name"]))
    return found


def staying(resources):
    return {one["kind"]: one["stays"] for one in resources if one["stays"]}


def test_everything_of_one_of_two_deployments_is_found(account, held):
    assert by_kind(held("lab")) == {}
    account.build("lab").build("lab-viewer")
    found = held("lab", keep_users=False)
    assert by_kind(found) == EVERYTHING
    assert staying(found) == {}
    assert {one["kind"] for one in found if one["costs"]} == {"load balancer", "instance", "bucket"}

    other = account.certificate("lab", region="eu-central-1")
    for name in (f"neuroglancer.lab.{ZONE}", f"data.lab.{ZONE}"):
        account.alias(name, "A", "elsewhere.cloudfront.net")
    stay = staying(held("lab"))
    assert [stay.pop(kind) for kind in ("A record", "CNAME record")] == [
        "it points to elsewhere.cloudfront.net",
        f"{other} needs it",
    ]
    assert stay.keys() == {"user pool with all its users", "function", "role", "log"}


def arn(service, name, region=REGION):
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{name}"


BALANCERS = {name: arn("elasticloadbalancing", f"loadbalancer/app/{name}/1") for name in ("lab", "site", "gone")}
DISTRIBUTIONS = {name: arn("cloudfront", f"distribution/{name}", "") for name in ("LAB", "OTHER", "GONE")}
API = arn("apigateway", "/domainnames/api.lab.example.org")


# Of each a load balancer and a distribution of the deployment, and one of somebody else.
THERE = {
    "describe_load_balancers": {
        "LoadBalancers": [
            {"LoadBalancerName": name, "LoadBalancerArn": BALANCERS[name]} for name in BALANCERS if name != "gone"
        ]
    },
    "list_distributions": {
        "DistributionList": {
            "Items": [{"Id": name, "ARN": DISTRIBUTIONS[name]} for name in DISTRIBUTIONS if name != "GONE"]
        }
    },
    "get_distribution": lambda Id: {  # noqa: N803
        "Distribution": {"ARN": DISTRIBUTIONS[Id], "DistributionConfig": {"CallerReference": Id.lower()}}
    },
}


@pytest.mark.parametrize(
    ("users", "others"),
    [
        ([], []),
        ([BALANCERS["lab"], DISTRIBUTIONS["LAB"]], []),
        ([BALANCERS["gone"], DISTRIBUTIONS["GONE"]], []),
        ([BALANCERS["lab"], BALANCERS["site"]], [BALANCERS["site"]]),
        ([DISTRIBUTIONS["OTHER"]], [DISTRIBUTIONS["OTHER"]]),
        ([API], [API]),
    ],
)
def test_a_certificate_stays_only_for_what_is_there_and_not_of_the_deployment(users, others):
    assert remains.other_users(context_of(THERE), {"region": REGION, "in_use_by": users}) == others


def test_whose_a_public_key_is(account, held, run_module):
    account.data("lab-viewer")
    assert [one for one in held("lab") if one["kind"] == "public key"] == []
    listed = run_module("cloudfront_public_key_info")["public_keys"]
    assert [key["name"] for key in listed] == ["lab-viewer-k0-0123456789ab", "lab-viewer-k1-0123456789ab"]
    pattern = yaml.safe_load((ROOT / "roles/private_cdn/vars/main.yml").read_text())["__private_cdn_key_of_ours"]
    for project, count in (("lab", 0), ("lab-viewer", 2)):
        ours = re.sub(r"{{.*?}}", re.escape(project), pattern)
        assert sum(bool(re.match(ours, f"{key['name']} {key['comment']}")) for key in listed) == count


def test_the_certificates_that_need_a_record(account, run_module):
    near, far = account.certificate("lab"), account.certificate("lab", region="eu-central-1")
    account.certificate("other")
    account.certificate("lab", domain=f"deeper.lab.{ZONE}")
    found = run_module("acm_certificate_info", domain_name=f"lab.{ZONE}")["certificates"]
    assert [one["arn"] for one in found] == sorted([near, far])
    assert found[0]["subject_alternative_names"] == [f"*.lab.{ZONE}", f"lab.{ZONE}"]
    found = run_module("acm_certificate_info", domain_name=f"lab.{ZONE}", regions=["eu-central-1"])["certificates"]
    assert [(one["arn"], one["region"]) for one in found] == [(far, "eu-central-1")]


REFUSALS = {
    "an organization denies it": "AccessDeniedException",
    "its token is of regions that are on by default": "UnrecognizedClientException",
}


@pytest.fixture
def refusing(monkeypatch):
    """Let ACM refuse in a region."""
    real = BaseClient._make_api_call

    def refuse(region, code):
        def call(self, operation, request):
            if (operation, self.meta.region_name) == ("ListCertificates", region):
                raise ClientError({"Error": {"Code": code, "Message": "explicit deny"}}, operation)
            return real(self, operation, request)

        monkeypatch.setattr("botocore.client.BaseClient._make_api_call", call)

    return refuse


@pytest.mark.parametrize("code", REFUSALS.values(), ids=REFUSALS)
def test_of_a_region_that_refuses_nothing_is_known(account, run_module, held, refusing, code):
    near = account.certificate("lab")
    refusing("eu-central-1", code)
    found = run_module("acm_certificate_info", domain_name=f"lab.{ZONE}")
    assert ([one["arn"] for one in found["certificates"]], found["unknown_regions"]) == ([near], ["eu-central-1"])
    assert staying(held("lab")) == {
        "CNAME record": "whether a certificate in eu-central-1 needs it can't be known, ACM refuses to list them"
    }


@pytest.mark.parametrize(("region", "asked"), [(REGION, {}), ("eu-central-1", {"regions": ["eu-central-1"]})])
def test_a_region_of_the_deployment_must_not_refuse(account, run_module, refusing, region, asked):
    refusing(region, "AccessDeniedException")
    assert "explicit deny" in run_module("acm_certificate_info", domain_name=f"lab.{ZONE}", **asked)["msg"]


REFUSED = {
    "without a word": ([], {}, "confirm is '', and this inventory is of lab. To take lab away, add -e confirm=lab;"),
    "for another": (["-e", "confirm=lab-viewer"], {}, "confirm is 'lab-viewer', and this inventory is of lab."),
    "the users of another": (
        ["-e", "confirm=lab", "-e", "confirm_users=lab-viewer"],
        {},
        "confirm_users is 'lab-viewer', and this inventory is of lab. To delete its users too, for good, add",
    ),
    "in another account": (
        ["-e", "confirm=lab"],
        {"aws_account_id": "210987654321"},
        f"aws_account_id is '210987654321', and these credentials are of account {ACCOUNT}.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_before_anything_is_looked_at(teardown, case):
    words, variables, sentence = REFUSED[case]
    said = teardown(*words, **variables)
    assert sentence in said
    assert "Get the resources of the deployment" not in said
