"""Names, ports and paths of the sandbox. It is one per machine, so all of them are fixed."""

from __future__ import annotations

import pathlib
import threading
from typing import Any

import boto3

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent

# What the sandbox keeps on disk; `down` removes the directory.
STATE_DIR = pathlib.Path("/var/tmp/bioviewers-sandbox")  # noqa: S108 (only believed when it is root's)
STATE_FILE = STATE_DIR / "state.json"
LOGS = STATE_DIR / "logs"
CERTIFICATES = STATE_DIR / "certificates"
CA_FILE = STATE_DIR / "ca.pem"
CA_KEY_FILE = STATE_DIR / "ca.key"
# The system's authorities and the sandbox's, for clients that take one file.
CA_BUNDLE = STATE_DIR / "ca-bundle.pem"
IMAGES_FILE = STATE_DIR / "machine-images.json"
REQUEST_LOG = LOGS / "requests.jsonl"
EDGE_LOG = LOGS / "edge.jsonl"
# The code of Lambda functions, `<name>.zip`, from the control plane for the edge.
FUNCTIONS = STATE_DIR / "functions"
# What the edge's health checks found, for the control plane.
TARGET_HEALTH = STATE_DIR / "target-health.json"

# The podman network of the hosts; its gateway address is this machine, seen from a host.
NETWORK = "bioviewers-sandbox"
SUBNET = "10.89.77.0/24"
GATEWAY_ADDRESS = "10.89.77.1"
# The public addresses of instances; all other containers get theirs below.
PUBLIC_ADDRESSES = "10.89.77.128/25"
OTHER_ADDRESSES = "10.89.77.0/25"
LOOPBACK = "127.0.0.1"

GATEWAY_PORT = 4566
MOTO_PORT = 4567
MINISTACK_PORT = 4568
GOOGLE_PORT = 4569
IMDS_PORT = 1338
DNS_PORT = 5354
EDGE_TLS_PORT = 443
EDGE_HTTP_PORT = 80
# TTL of the edge's cache of AWS API responses.
EDGE_CACHE_SECONDS = 1

ENDPOINT = f"http://{LOOPBACK}:{GATEWAY_PORT}"
HOST_ENDPOINT = f"http://{GATEWAY_ADDRESS}:{GATEWAY_PORT}"
MOTO_URL = f"http://{LOOPBACK}:{MOTO_PORT}"
MINISTACK_URL = f"http://{LOOPBACK}:{MINISTACK_PORT}"
GOOGLE_URL = f"http://{LOOPBACK}:{GOOGLE_PORT}"
IMDS_URL = f"http://{GATEWAY_ADDRESS}:{IMDS_PORT}"

# The account. ministack takes a 12-digit access key for an account number, so the key is a word.
ACCOUNT = "123456789012"
REGION = "us-east-1"
ACCESS_KEY = "sandbox"
# The edge's stands for AWS's own services.
ACCESS_KEYS = (ACCESS_KEY, "edge")
# Ansible masks this value wherever it stands in a result, so it must be a word that no name holds.
SECRET_KEY = "opens-nothing-but-the-stand-in"  # noqa: S105

# What inventories/sandbox names, and what must resolve on this machine.
PROJECT = "lab-viewer"
DOMAIN = "lab.localhost"
SITE_DOMAIN = f"neuroglancer.{DOMAIN}"
DATA_DOMAIN = f"data.{DOMAIN}"
DATA_BUCKET = "lab-private-data"
READS_BUCKET = "lab-private-reads"
# Everything of the backend for IGV Desktop.
IGV_PROJECT = f"{PROJECT}-igv"
# Of a lab whose records are made by hand (`dns: manual`).
MANUAL_DOMAIN = "manual.localhost"
# AWS's own suffix is amazoncognito.com: the one name that differs here.
LOGIN_SUFFIX = "amazoncognito.localhost"
LOGIN_DOMAIN = f"{PROJECT}.auth.{REGION}.{LOGIN_SUFFIX}"
IGV_LOGIN_DOMAIN = f"{IGV_PROJECT}.auth.{REGION}.{LOGIN_SUFFIX}"
# AWS's own is amazonaws.com. Hosts get the load balancers' public keys there.
KEYS_DOMAIN = f"public-keys.auth.elb.{REGION}.amazonaws.localhost"
# S3 by TLS; everything else of the API is at the gateway's port.
S3_DOMAIN = f"s3.{REGION}.amazonaws.localhost"
# Google's is accounts.google.com.
GOOGLE_DOMAIN = "accounts.google.localhost"
GOOGLE_CLIENT_FILE = CHECKOUT / "sandbox" / "google" / "google.yml"

HOSTS_FILE = pathlib.Path("/etc/hosts")
SYSTEM_CA_BUNDLE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
LOCAL_CA_DIR = pathlib.Path("/usr/local/share/ca-certificates")


# Clients are safe in threads, making them is not (boto3's guide, "Multithreading or multiprocessing with clients").
_MAKING = threading.Lock()


def client(service: str, endpoint: str = ENDPOINT, region: str = REGION) -> Any:
    """A boto3 client of the sandbox, whatever account the environment names."""
    with _MAKING:
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )
