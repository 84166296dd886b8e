"""The data, at every door but the right one: cookies that are not good, the bucket itself, the host and its role."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import boto3
import botocore.exceptions
import httpx
import pytest
from botocore.config import Config
from cryptography.hazmat.primitives import serialization

from sandbox import settings
from sandbox.compute import hosts
from sandbox.demo import viewer, volumes
from tests import oracle
from tests.e2e import inside, raw_http, visitor
from tests.e2e.raw_http import request
from tests.e2e.refusal import assert_refused
from tests.e2e.signing import LONG, a_foreign_key, policy

OBJECT = f"{viewer.DATA}/{volumes.NIFTI_KEY}"
PATH = f"/{volumes.NIFTI_KEY}"
SOON, LATE = int(time.time()) + LONG // 2, int(time.time()) + LONG
Cookies = dict[str, str]


# ---- cookies that are not good ----


def with_condition(**more: Any) -> str:
    document = json.loads(policy())
    document["Statement"][0]["Condition"] |= more
    return json.dumps(document, separators=(",", ":"))


def statements(*resources: str) -> str:
    found = [json.loads(policy(resource))["Statement"][0] for resource in resources]
    return json.dumps({"Statement": found}, separators=(",", ":"))


# Policies that our own key signs: a slip of ours would be enough for them.
OURS = {
    "good": policy(),
    "for any protocol": policy(f"http*://{settings.DATA_DOMAIN}/*"),
    "for HTTP": policy(f"http://{settings.DATA_DOMAIN}/*"),
    "for another name": policy(f"https://other.{settings.DOMAIN}/*"),
    "for a name that begins so": policy(f"{viewer.DATA}.evil.example/*"),
    "for a name that ends so": policy(f"https://x{settings.DATA_DOMAIN}/*"),
    "for the name as a user's": policy(f"{viewer.DATA}@evil.example/*"),
    "for another folder": policy(f"{viewer.DATA}/mri2/*"),
    "for this folder alone": policy(f"{viewer.DATA}/mri/"),
    "for another object": policy(f"{OBJECT}x"),
    "in capitals": policy(f"{viewer.DATA}/MRI/*"),
    "for an address elsewhere": with_condition(IpAddress={"AWS:SourceIp": "192.0.2.0/24"}),
    "for a time to come": with_condition(DateGreaterThan={"AWS:EpochTime": SOON}),
    "over": policy(life=-1),
    "over long ago": policy(life=-(10**9)),
    "without end": json.dumps({"Statement": [{"Resource": f"{viewer.DATA}/*", "Condition": {}}]}),
    "with an end in milliseconds": with_condition(DateLessThan={"AWS:EpochTime": SOON * 1000}),
    "with an end that is a text": with_condition(DateLessThan={"AWS:EpochTime": str(SOON)}),
    "of two statements": statements(f"https://other.{settings.DOMAIN}/*", f"{viewer.DATA}/*"),
    "no policy": "[]",
}
# Policies that would open everything, signed by a stranger.
THEIRS = {
    "for every name": policy("https://*"),
    "for every name of ours": policy(f"https://*.{settings.DOMAIN}/*"),
    "for the data": policy(),
}


@pytest.fixture(scope="module")
def stranger_key() -> str:
    return a_foreign_key()


@pytest.fixture(scope="module")
def stranger_key_id(deployment, stranger_key) -> Iterator[str]:
    """The stranger's key is known to CloudFront, in a key group that our distribution does not trust."""
    cloudfront = settings.client("cloudfront")
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    public = serialization.load_pem_private_key(stranger_key.encode(), None).public_key().public_bytes(*form).decode()
    config = {"CallerReference": "stranger", "Name": "stranger", "EncodedKey": public}
    key = cloudfront.create_public_key(PublicKeyConfig=config)
    group = cloudfront.create_key_group(KeyGroupConfig={"Name": "stranger", "Items": [key["PublicKey"]["Id"]]})
    yield key["PublicKey"]["Id"]
    cloudfront.delete_key_group(Id=group["KeyGroup"]["Id"], IfMatch=group["ETag"])
    cloudfront.delete_public_key(Id=key["PublicKey"]["Id"], IfMatch=key["ETag"])


@pytest.fixture(scope="module")
def signed(signing_key, key_pair_id, stranger_key, stranger_key_id) -> dict[str, Cookies]:
    """The AWS SDK's cookies for each policy, by our key, by the stranger's under our id, and by the stranger's own."""
    wanted = {name: (text, signing_key, key_pair_id, "SHA1") for name, text in OURS.items()}
    wanted["SHA256"] = (policy(), signing_key, key_pair_id, "SHA256")
    for name, text in THEIRS.items():
        wanted[f"{name}, under our id"] = (text, stranger_key, key_pair_id, "SHA1")
        wanted[f"{name}, under its own id"] = (text, stranger_key, stranger_key_id, "SHA1")
    return dict(zip(wanted, oracle.sign_many(wanted.values()), strict=True))


def get(http: httpx.Client, cookies: Cookies, url: str = OBJECT) -> httpx.Response:
    return http.get(url, headers=visitor.header(cookies))


@pytest.mark.parametrize("case", ["good", "SHA256"])
def test_good_cookies_open_the_data(http, signed, case):
    assert get(http, signed[case]).content == volumes.NIFTI.read_bytes()


@pytest.mark.hostile
@pytest.mark.parametrize("case", [name for name in OURS if name != "good"])
def test_our_key_under_another_policy(http, signed, case):
    assert_refused(get(http, signed[case]), 403)


@pytest.mark.hostile
@pytest.mark.parametrize("key", ["under our id", "under its own id"])
@pytest.mark.parametrize("case", THEIRS)
def test_a_strangers_key(http, signed, case, key):
    assert_refused(get(http, signed[f"{case}, {key}"]), 403)


NAME = "CloudFront-"
PUT_TOGETHER: dict[str, Callable[[dict[str, Cookies]], str]] = {
    "no policy": lambda s: pairs(without(s["good"], "Policy")),
    "no signature": lambda s: pairs(without(s["good"], "Signature")),
    "no key": lambda s: pairs(without(s["good"], "Key-Pair-Id")),
    "an end instead of the policy": lambda s: pairs({**without(s["good"], "Policy"), f"{NAME}Expires": str(LATE)}),
    "one good policy with the signature of another": lambda s: pairs(
        {**s["good"], f"{NAME}Signature": s["for another object"][f"{NAME}Signature"]}
    ),
    "SHA-256 said, SHA-1 signed": lambda s: pairs({**s["good"], f"{NAME}Hash-Algorithm": "SHA256"}),
    "SHA-1 said, SHA-256 signed": lambda s: pairs({**s["SHA256"], f"{NAME}Hash-Algorithm": "SHA1"}),
    "no hash": lambda s: pairs({**s["good"], f"{NAME}Hash-Algorithm": "none"}),
    "an empty signature": lambda s: pairs({**s["good"], f"{NAME}Signature": ""}),
    "the key of another group": lambda s: pairs(
        {**s["good"], f"{NAME}Key-Pair-Id": s["for the data, under its own id"][f"{NAME}Key-Pair-Id"]}
    ),
    "a policy that is over before the good one": lambda s: f"{pairs(s['over'])}; {pairs(s['good'])}",
    "a stranger's policy before the good one": lambda s: (
        f"{NAME}Policy={s['for every name, under our id'][f'{NAME}Policy']}; {pairs(s['good'])}"
    ),
    "the good ones in small letters": lambda s: pairs(s["good"]).lower(),
    "the good ones in one": lambda s: pairs(s["good"]).replace("; ", "%3B%20"),
}


def pairs(cookies: Cookies) -> str:
    return visitor.header(cookies)["Cookie"]


def without(cookies: Cookies, name: str) -> Cookies:
    return {key: value for key, value in cookies.items() if key != f"{NAME}{name}"}


@pytest.mark.hostile
@pytest.mark.parametrize("case", PUT_TOGETHER)
def test_cookies_put_together(http, signed, case):
    assert_refused(http.get(OBJECT, headers={"Cookie": PUT_TOGETHER[case](signed)}), 403)


@pytest.mark.hostile
@pytest.mark.parametrize("name", ["Expires", "Policy", "Signature", "Key-Pair-Id"])
def test_a_parameter_of_signed_addresses_beside_good_cookies(http, signed, name):
    """CloudFront then takes the address for a signed one, and it is none."""
    value = {"Expires": str(LATE), **{key.removeprefix(NAME): value for key, value in signed["good"].items()}}[name]
    assert_refused(get(http, signed["good"], f"{OBJECT}?{urlencode({name: value})}"), 403)


@pytest.mark.hostile
@pytest.mark.parametrize("with_good_cookies", [True, False])
def test_an_address_that_a_stranger_signed(http, signed, stranger_key, key_pair_id, with_good_cookies):
    asked = {"url": OBJECT, "policy": policy("https://*"), "privateKey": stranger_key, "keyPairId": key_pair_id}
    (address,) = oracle.ask("url", [asked])
    assert_refused(get(http, signed["good"] if with_good_cookies else {}, address["value"]), 403)


@pytest.mark.hostile
def test_cookies_that_a_signed_out_browser_kept_end_by_themselves(http, signing_key, key_pair_id):
    cookies = oracle.sign(policy(life=3), signing_key, key_pair_id)
    assert get(http, cookies).status_code == 200
    time.sleep(3)
    assert_refused(get(http, cookies), 403)


# ---- what good cookies do not give ----

BEYOND = {
    "a listing": "/?list-type=2&prefix=mri/",
    "a listing of folders": "/?delimiter=/",
    "the root": "/",
    "its default object": "/index.html",
    "a folder": "/mri/",
    "a folder's listing": "/mri/?list-type=2",
    "all versions": "/?versions",
    "the rights of the bucket": "/?acl",
    "the policy of the bucket": "/?policy",
    "the uploads under way": "/?uploads",
    "above the root": "/../../etc/passwd",
    "above the root, encoded": "/%2e%2e/%2e%2e/etc/passwd",
    "another bucket": f"/../{settings.PROJECT}-ssm-{settings.ACCOUNT}-{settings.REGION}/",
    "the bucket's own name before it": f"/{settings.DATA_BUCKET}/{volumes.NIFTI_KEY}",
    "two slashes": f"/{PATH}",
    "an encoded slash too much": f"/%2f{volumes.NIFTI_KEY}",
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", BEYOND)
def test_good_cookies_do_not_open(signed, case):
    target = request(BEYOND[case], ("Host", settings.DATA_DOMAIN), ("Cookie", pairs(signed["good"])))
    assert_refused(raw_http.only(target, settings.DATA_DOMAIN), 400, 403, 404)


WRITING = ["PUT", "POST", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "TRACE", "CONNECT"]


@pytest.mark.hostile
@pytest.mark.parametrize("method", WRITING)
def test_good_cookies_write_nothing(http, signed, method):
    before = settings.client("s3").head_object(Bucket=settings.DATA_BUCKET, Key=volumes.NIFTI_KEY)
    fields = [("Host", settings.DATA_DOMAIN), ("Cookie", pairs(signed["good"])), ("X-HTTP-Method-Override", "PUT")]
    sent = request(PATH, *fields, ("Content-Length", "4"), method=method) + b"gone"
    assert_refused(raw_http.only(sent, settings.DATA_DOMAIN), 400, 403, 405)
    after = settings.client("s3").head_object(Bucket=settings.DATA_BUCKET, Key=volumes.NIFTI_KEY)
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])


def distribution() -> dict[str, Any]:
    found = settings.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    return next(each for each in found if settings.DATA_DOMAIN in each["Aliases"].get("Items", []))


HOSTS: dict[str, Callable[[], str]] = {
    "CloudFront's own name": lambda: distribution()["DomainName"],
    "the bucket": lambda: f"{settings.DATA_BUCKET}.s3.{settings.REGION}.amazonaws.com",
    "the site": lambda: settings.SITE_DOMAIN,
    "nobody": lambda: "evil.example",
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", HOSTS)
def test_good_cookies_are_for_one_name(signed, case):
    sent = request(PATH, ("Host", HOSTS[case]()), ("Cookie", pairs(signed["good"])))
    assert_refused(raw_http.only(sent, settings.DATA_DOMAIN), 403)


@pytest.mark.hostile
def test_good_cookies_are_not_for_plain_http(signed):
    sent = request(PATH, ("Host", settings.DATA_DOMAIN), ("Cookie", pairs(signed["good"])))
    answer = raw_http.only(sent, tls=False)
    assert_refused(answer, 301)
    assert answer.headers["location"] == OBJECT


# ---- the bucket itself ----

S3 = settings.ENDPOINT
STYLES = {
    "by path": (f"/{settings.DATA_BUCKET}{PATH}", ""),
    "by name": (PATH, f"{settings.DATA_BUCKET}.s3.{settings.REGION}.amazonaws.com"),
    "by name, at the global endpoint": (PATH, f"{settings.DATA_BUCKET}.s3.amazonaws.com"),
    "by name, dual stack": (PATH, f"{settings.DATA_BUCKET}.s3.dualstack.{settings.REGION}.amazonaws.com"),
    "as a website": (PATH, f"{settings.DATA_BUCKET}.s3-website-{settings.REGION}.amazonaws.com"),
    "its listing, by path": (f"/{settings.DATA_BUCKET}?list-type=2", ""),
    "its listing, by name": ("/?list-type=2", f"{settings.DATA_BUCKET}.s3.amazonaws.com"),
    "its policy": (f"/{settings.DATA_BUCKET}?policy", ""),
    "all buckets": ("/", "s3.amazonaws.com"),
}


@pytest.mark.hostile
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("case", STYLES)
def test_the_bucket_is_not_for_strangers(case, method, signed):
    path, host = STYLES[case]
    headers = {**({"Host": host} if host else {}), **visitor.header(signed["good"])}
    with httpx.Client(trust_env=False) as client:
        assert_refused(client.request(method, S3 + path, headers=headers), 403)


@pytest.mark.hostile
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_nor_does_it_take_anything_from_them(method, deployment):
    with httpx.Client(trust_env=False) as client:
        assert_refused(client.request(method, f"{S3}/{settings.DATA_BUCKET}{PATH}", content=b"gone"), 403)
    assert settings.client("s3").head_object(Bucket=settings.DATA_BUCKET, Key=volumes.NIFTI_KEY)["ContentLength"] > 4


# ---- the host and its role ----


@pytest.fixture(scope="module")
def on_the_host(deployment) -> boto3.Session:
    """Who has taken over a process on the host has what the instance metadata give."""
    script = f"""
        set -eu
        base={settings.IMDS_URL}/latest
        token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $base/api/token)
        ask() {{ curl -sf -H "X-aws-ec2-metadata-token: $token" $base/meta-data/iam/security-credentials/$1; }}
        ask "$(ask '')"
    """
    given = json.loads(inside.on_the_host("sh", "-c", script))
    keys = (given["AccessKeyId"], given["SecretAccessKey"], given["Token"])
    return boto3.Session(*keys, region_name=settings.REGION)


def of(session: boto3.Session, service: str) -> Any:
    return session.client(service, endpoint_url=settings.ENDPOINT)


OWN = f"/{settings.PROJECT}/cookie-signing-keys/k1"
OTHER = "/somebody/elses"
BUCKET = {"Bucket": settings.DATA_BUCKET}


@pytest.fixture(scope="module")
def other_parameter(deployment) -> Iterator[None]:
    ssm = settings.client("ssm")
    ssm.put_parameter(Name=OTHER, Value="secret", Type="SecureString", Overwrite=True)
    yield
    ssm.delete_parameter(Name=OTHER)


def test_the_role_reads_its_own_parameter(on_the_host, signing_key):
    answer = of(on_the_host, "ssm").get_parameter(Name=OWN, WithDecryption=True)
    assert answer["Parameter"]["Value"] == signing_key


NO_RIGHT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "another parameter": ("ssm", "get_parameter", {"Name": OTHER, "WithDecryption": True}),
    "its own and another": ("ssm", "get_parameters", {"Names": [OWN, OTHER], "WithDecryption": True}),
    "all parameters of a path": ("ssm", "get_parameters_by_path", {"Path": "/", "Recursive": True}),
    "the history of its own": ("ssm", "get_parameter_history", {"Name": OWN}),
    "another signing key": ("ssm", "put_parameter", {"Name": OWN, "Value": "x", "Overwrite": True}),
    "its key gone": ("ssm", "delete_parameter", {"Name": OWN}),
    "a session on the instance": (
        "ssm",
        "send_command",
        {"DocumentName": "AWS-RunShellScript", "InstanceIds": ["i-1"]},
    ),
    "an object": ("s3", "get_object", {**BUCKET, "Key": volumes.NIFTI_KEY}),
    "the list of objects": ("s3", "list_objects_v2", {**BUCKET}),
    "an object more": ("s3", "put_object", {**BUCKET, "Key": "evil", "Body": b"evil"}),
    "an object gone": ("s3", "delete_object", {**BUCKET, "Key": "evil"}),
    "all buckets": ("s3", "list_buckets", {}),
    "the policy of the bucket": ("s3", "get_bucket_policy", BUCKET),
    "the bucket gone": ("s3", "delete_bucket", BUCKET),
    "a policy for itself": (
        "iam",
        "put_role_policy",
        {"RoleName": settings.PROJECT, "PolicyName": "all", "PolicyDocument": '{"Statement": []}'},
    ),
    "roles": ("iam", "list_roles", {}),
    "instances": ("ec2", "describe_instances", {}),
    "another security group": ("ec2", "describe_security_groups", {}),
    "the load balancer": ("elbv2", "describe_load_balancers", {}),
    "secrets": ("secretsmanager", "list_secrets", {}),
    "keys": ("kms", "list_keys", {}),
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", NO_RIGHT)
def test_the_role_has_no_right_to(on_the_host, other_parameter, case):
    service, operation, arguments = NO_RIGHT[case]
    with pytest.raises(botocore.exceptions.ClientError, match=r"AccessDenied|UnauthorizedOperation"):
        getattr(of(on_the_host, service), operation)(**arguments)


@pytest.mark.hostile
@pytest.mark.parametrize("version", ["s3", "s3v4"])
@pytest.mark.parametrize("operation", ["get_object", "list_objects_v2", "put_object"])
def test_an_address_that_the_role_signed(on_the_host, operation, version):
    # boto3 writes into what it is given.
    arguments = {**BUCKET} if operation.startswith("list") else {**BUCKET, "Key": volumes.NIFTI_KEY}
    config = Config(signature_version=version)
    s3 = on_the_host.client("s3", endpoint_url=settings.ENDPOINT, config=config)
    method = "PUT" if operation.startswith("put") else "GET"
    with httpx.Client(trust_env=False) as client:
        assert_refused(client.request(method, s3.generate_presigned_url(operation, arguments)), 403)


@pytest.mark.hostile
@pytest.mark.parametrize("target", ["/session", "/"])
def test_the_host_does_not_answer_but_to_its_load_balancer(deployment, target):
    address = (hosts.address(inside.instance()), 8443)
    with pytest.raises(TimeoutError), socket.create_connection(address, timeout=1) as plain:
        raw_http.talk(plain, request(target))
