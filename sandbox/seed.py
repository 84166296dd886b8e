"""A lab's account before the first run: images, a default VPC with internet gateway, a hosted zone, private buckets."""

from __future__ import annotations

import json
from typing import Any

from sandbox import settings
from sandbox.compute import instances

CANONICAL = "099720109477"
# moto reads these at its start. The older one shows that the newest is taken.
IMAGE_NAME = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-{}"
IMAGE_DATES = {"ami-0b1ov1ewer5010001": "2026-08-05", "ami-0b1ov1ewer5010002": "2026-10-28"}


def machine_images() -> list[dict[str, Any]]:
    """Canonical's images of Ubuntu 24.04, in the form of MOTO_AMIS_PATH."""
    return [
        {
            "ami_id": ami_id,
            "name": IMAGE_NAME.format(date.replace("-", "")),
            "description": "Canonical, Ubuntu, 24.04, amd64 noble image",
            "owner_id": CANONICAL,
            "image_location": f"amazon/{IMAGE_NAME.format(date.replace('-', ''))}",
            "image_type": "machine",
            "public": True,
            "architecture": "x86_64",
            "platform": "Linux/UNIX",
            "state": "available",
            "creation_date": f"{date}T00:00:00.000Z",
            "hypervisor": "xen",
            "root_device_name": "/dev/sda1",
            "root_device_type": "ebs",
            "sriov": "simple",
            "virtualization_type": "hvm",
            "boot_mode": "uefi-preferred",
        }
        for ami_id, date in IMAGE_DATES.items()
    ]


def write_machine_images() -> None:
    """Leave the images where moto looks for them."""
    settings.IMAGES_FILE.write_text(json.dumps(machine_images()))


def _open_default_vpc() -> None:
    """moto's default VPC has a subnet in each zone, but unlike AWS's no internet gateway."""
    ec2 = instances.moto_client("ec2")
    vpc_id = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    of_vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    gateway_id = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
    table_id = ec2.describe_route_tables(Filters=of_vpc)["RouteTables"][0]["RouteTableId"]
    ec2.create_route(RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway_id)


def _create_zone() -> None:
    instances.moto_client("route53").create_hosted_zone(Name=settings.DOMAIN, CallerReference="sandbox")


def create_private_bucket(bucket: str) -> None:
    """As S3 makes a bucket today: no public access, no object ACLs, encrypted."""
    s3 = instances.moto_client("s3")
    s3.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerEnforced")
    blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(blocked, True))
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def seed() -> None:
    """Fill a fresh moto."""
    _open_default_vpc()
    _create_zone()
    create_private_bucket(settings.DATA_BUCKET)
    create_private_bucket(settings.READS_BUCKET)
