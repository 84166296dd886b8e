"""What the broken inventories name in the account of the sandbox; made for the test and taken away again."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

import dns.name

from sandbox import settings
from sandbox.network import dns as public_dns

PREFIX = "preflight-test"
BLOCKED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
ORIGIN = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}


def statement(effect: str, bucket: str, **more: Any) -> str:
    """A bucket policy of one statement on everybody's reading."""
    resource = f"arn:aws:s3:::{bucket}/*"
    one = {"Sid": "Theirs", "Effect": effect, "Principal": "*", "Action": "s3:GetObject", "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [one]})


class Account:
    """What the broken inventories name, in the account of the sandbox."""

    def __init__(self) -> None:
        names = ("s3", "route53", "ec2", "cognito-idp", "cloudfront")
        self.s3, self.route53, self.ec2, self.cognito, self.cloudfront = map(settings.client, names)
        self.undo = contextlib.ExitStack()
        self.ids: dict[str, Any] = {}

    def build(self) -> None:
        self.bucket("public", encryption="AES256", blocked=False)
        self.s3.put_bucket_policy(Bucket=f"{PREFIX}-public", Policy=statement("Allow", f"{PREFIX}-public"))
        self.bucket("keys", encryption="aws:kms")
        self.bucket("fenced", encryption="AES256")
        only_here = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
        policy = statement("Deny", f"{PREFIX}-fenced", Condition=only_here)
        self.s3.put_bucket_policy(Bucket=f"{PREFIX}-fenced", Policy=policy)
        site = {"IndexDocument": {"Suffix": "index.html"}}
        self.s3.put_bucket_website(Bucket=f"{PREFIX}-fenced", WebsiteConfiguration=site)
        self.ids["twice"] = f"{self.zone('twice.localhost')} and {self.zone('twice.localhost')}"
        self.zone("fussy.localhost", {"Type": "CAA", "Values": ['0 issue "letsencrypt.org"', '0 issuewild ";"']})
        self.zone(
            "inuse.localhost", {"Name": "data.inuse.localhost", "Type": "CNAME", "Values": ["old.inuse.localhost"]}
        )
        self.zone("parent.localhost")
        self.zone("child.parent.localhost")
        self.zone("moved.localhost")
        cognito = f"auth.{settings.REGION}.amazoncognito.com"
        self.zone(cognito, {"Name": f"{PREFIX}-stranger.{cognito}", "Type": "A", "Values": ["192.0.2.1"]})
        self.pool()
        self.distribution("data.alias.localhost")
        self.zone("alias.localhost")
        self.network()

    def bucket(self, name: str, encryption: str, blocked: bool = True) -> None:
        bucket = f"{PREFIX}-{name}"
        self.s3.create_bucket(Bucket=bucket)
        self.undo.callback(self.s3.delete_bucket, Bucket=bucket)
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": encryption}}
        self.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
        if blocked:
            self.s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=BLOCKED)

    def zone(self, name: str, record: dict[str, Any] | None = None) -> str:
        reference = f"{PREFIX}-{os.urandom(4).hex()}"
        zone_id = self.route53.create_hosted_zone(Name=name, CallerReference=reference)["HostedZone"]["Id"]
        self.undo.callback(self.route53.delete_hosted_zone, Id=zone_id)
        if record:
            values = [{"Value": value} for value in record["Values"]]
            held = {"Name": record.get("Name", name), "Type": record["Type"], "TTL": 60, "ResourceRecords": values}
            self._change(zone_id, "CREATE", held)
            self.undo.callback(self._change, zone_id, "DELETE", held)
        return zone_id.rpartition("/")[2]

    def _change(self, zone_id: str, action: str, record: dict[str, Any]) -> None:
        changes = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        self.route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=changes)

    def pool(self) -> None:
        pool_id = self.cognito.create_user_pool(PoolName=f"{PREFIX}-pool")["UserPool"]["Id"]
        self.undo.callback(self.cognito.delete_user_pool, UserPoolId=pool_id)
        self.cognito.create_user_pool_domain(Domain=f"{PREFIX}-prefix", UserPoolId=pool_id)
        self.undo.callback(self.cognito.delete_user_pool_domain, Domain=f"{PREFIX}-prefix", UserPoolId=pool_id)
        self.ids["pool"] = pool_id

    def distribution(self, alias: str) -> None:
        config = {
            "CallerReference": PREFIX,
            "Comment": PREFIX,
            "Enabled": False,
            "Aliases": {"Quantity": 1, "Items": [alias]},
            "Origins": {
                "Quantity": 1,
                "Items": [{"Id": "o", "DomainName": "o.example.org", "CustomOriginConfig": ORIGIN}],
            },
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only", "MinTTL": 0},
        }
        made = self.cloudfront.create_distribution(DistributionConfig=config)
        self.ids["distribution"] = made["Distribution"]["Id"]
        self.undo.callback(self.cloudfront.delete_distribution, Id=self.ids["distribution"], IfMatch=made["ETag"])

    def network(self) -> None:
        """A VPC without a way out, with subnets in two zones."""
        vpc = self.ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
        self.undo.callback(self.ec2.delete_vpc, VpcId=vpc)
        subnets = []
        for number, zone in enumerate("ab"):
            place = {"CidrBlock": f"10.77.{number}.0/24", "AvailabilityZone": f"{settings.REGION}{zone}"}
            subnets.append(self.ec2.create_subnet(VpcId=vpc, **place)["Subnet"]["SubnetId"])
            self.undo.callback(self.ec2.delete_subnet, SubnetId=subnets[-1])
        self.ids.update(vpc=vpc, subnet_a=subnets[0], subnet_b=subnets[1])
        held = self.ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
        default = {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in held}
        self.ids.update(public=default[f"{settings.REGION}a"], default_vpc=held[0]["VpcId"])


class Elsewhere:
    """Public DNS in which somebody else answers for `moved.localhost`."""

    @staticmethod
    def zones() -> public_dns.Zones:
        servers = [{"Value": "ns1.registrar.example."}, {"Value": "ns2.registrar.example."}]
        record = {"Name": "moved.localhost.", "Type": "NS", "TTL": 60, "ResourceRecords": servers}
        return {dns.name.from_text("moved.localhost."): [record]}
