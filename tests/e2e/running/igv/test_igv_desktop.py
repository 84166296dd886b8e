"""The backend for IGV Desktop beside the viewer: a client that takes IGV's steps, Debian's IGV, and everybody else."""

from __future__ import annotations

import dataclasses
import json
import secrets
import stat
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pysam
import pytest
from botocore.exceptions import ClientError

from aws_edge.tokens import claims_of
from sandbox import settings
from sandbox.demo import igv, igv_client, igv_desktop, reads, viewer, volumes
from tests.e2e import desktop, visitor
from tests.e2e.playbook import recap, run

BUCKET, BAM, LOCUS, PERSON = desktop.BUCKET, desktop.BAM, desktop.LOCUS, desktop.PERSON
FOLDER = igv.CONFIGURATION.parent
SHARED = ("-e", "igv_shares_user_pool=true")
TEARDOWN = ("playbooks/igv/teardown.yml", "-e", f"confirm={settings.IGV_PROJECT}")
# The keys of oauth-config.json that IGV reads.
KEYS = {
    *("auth_provider", "client_id", "client_secret", "scope", "authorization_endpoint", "token_endpoint"),
    *("redirect_uris", "aws_region", "aws_cognito_fed_pool_id", "aws_cognito_role_arn"),
}
# A base is this wide and high in IGV's picture of the locus.
BASE_PIXELS = 958 / 202 * 7


@dataclasses.dataclass(frozen=True)
class Backend:
    said: str
    configuration: igv_client.Configuration
    password: str


@pytest.fixture(scope="module")
def backend(account) -> Backend:
    """The backend with a user pool of its own, and one person in it."""
    reads.upload(settings.client("s3"), BUCKET)
    said = desktop.build()
    password = viewer.create_user(PERSON, settings.IGV_PROJECT)
    return Backend(said, igv_client.read(igv.CONFIGURATION), password)


@pytest.fixture(scope="module")
def tokens(backend) -> igv_client.Tokens:
    return desktop.sign_in(backend.configuration, backend.password)


@pytest.fixture(scope="module")
def role(backend, tokens) -> dict[str, str]:
    return igv_client.credentials(backend.configuration, tokens["id_token"])


@pytest.fixture(scope="module")
def s3(backend, role) -> Any:
    return igv_client.storage(backend.configuration, role)


def test_a_second_run_changes_nothing(backend):
    host = recap(desktop.build())["localhost"]
    assert (host["changed"], host["failed"]) == (0, 0)


def test_the_configuration_has_the_keys_that_igv_reads_and_is_its_owners_alone(backend):
    assert json.loads(igv.CONFIGURATION.read_text()).keys() == KEYS
    packed = igv_client.read(FOLDER / "oauth-config.json.gz")
    assert packed == backend.configuration
    for path in (igv.CONFIGURATION, FOLDER / "oauth-config.json.gz"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_secret_is_printed(backend):
    assert len(backend.configuration.client_secret) > 40
    assert "PLAY RECAP" in backend.said
    assert backend.configuration.client_secret not in backend.said


def test_igv_reads_a_private_bam(s3, role):
    assert igv_client.folder(s3, BUCKET, reads.FOLDER_KEY) == [BAM, f"{BAM}.bai"]
    with pysam.AlignmentFile(reads.BAM, index_filename=str(reads.INDEX)) as own:
        expected = [read.to_string() for read in own.fetch(region=LOCUS)]
    assert [read.to_string() for read in igv_client.reads(s3, BUCKET, BAM, LOCUS)] == expected
    assert len(expected) > 20


def test_the_session_bears_the_persons_address(backend, role):
    keys = {"aws_access_key_id": role["AccessKeyId"], "aws_secret_access_key": role["SecretAccessKey"]}
    session = boto3.client(
        "sts",
        region_name=settings.REGION,
        endpoint_url=settings.ENDPOINT,
        aws_session_token=role["SessionToken"],
        **keys,
    )
    assert session.get_caller_identity()["Arn"].endswith(f":assumed-role/{settings.IGV_PROJECT}-reader/{PERSON}")


def test_debians_igv_draws_the_reads(s3, tmp_path):
    bam, index = (igv_client.presigned(s3, BUCKET, key) for key in (BAM, f"{BAM}.bai"))
    igv_desktop.draw(bam, index, LOCUS, tmp_path / "reads.png")
    first, last = (int(number) for number in LOCUS.partition(":")[2].split("-"))
    with pysam.AlignmentFile(reads.BAM, index_filename=str(reads.INDEX)) as own:
        positions = [place for read in own.fetch(region=LOCUS) for place in read.get_reference_positions()]
    bases = sum(first <= place + 1 <= last for place in positions)
    assert 0.8 < igv_desktop.read_pixels(tmp_path / "reads.png") / (bases * BASE_PIXELS) < 1.1


NOT_FOR_IGV = {
    "another bucket's object": ("get_object", {"Bucket": settings.DATA_BUCKET, "Key": volumes.NIFTI_KEY}),
    "another bucket's list": ("list_objects_v2", {"Bucket": settings.DATA_BUCKET}),
    "another project's file": ("get_object", {"Bucket": BUCKET, "Key": reads.OTHER_KEY}),
    "another project's list": ("list_objects_v2", {"Bucket": BUCKET, "Prefix": reads.OTHER_FOLDER_KEY}),
    "the top of the bucket": ("list_objects_v2", {"Bucket": BUCKET, "Prefix": "", "Delimiter": "/"}),
    "all buckets": ("list_buckets", {}),
    "a new file": ("put_object", {"Bucket": BUCKET, "Key": f"{reads.FOLDER_KEY}new.bam", "Body": b"x"}),
    "over a file": ("put_object", {"Bucket": BUCKET, "Key": BAM, "Body": b"x"}),
    "a file away": ("delete_object", {"Bucket": BUCKET, "Key": BAM}),
}


@pytest.mark.hostile
@pytest.mark.parametrize("case", NOT_FOR_IGV)
def test_the_role_does_nothing_else(s3, case):
    operation, arguments = NOT_FOR_IGV[case]
    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(s3, operation)(**arguments)


@pytest.mark.hostile
def test_nothing_goes_over_plain_http(backend, role):
    plain = igv_client.storage(backend.configuration, role, f"http://{settings.S3_DOMAIN}")
    assert_refused(igv_client.presigned(plain, BUCKET, BAM), "AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        igv_client.folder(plain, BUCKET, reads.FOLDER_KEY)


def assert_refused(address: str, code: str) -> None:
    with visitor.client() as person:
        answer = person.get(address)
    assert (answer.status_code, f"<Code>{code}</Code>" in answer.text) == (403, True), answer.text


@pytest.mark.hostile
def test_a_presigned_address_is_for_one_object_and_a_time(s3):
    good = igv_client.presigned(s3, BUCKET, BAM)
    for changed in (good.replace(BAM, f"{BAM}.bai"), good.replace("Expires=3600", "Expires=7200"), f"{good[:-1]}x"):
        assert changed != good
        assert_refused(changed, "SignatureDoesNotMatch")
    short = igv_client.presigned(s3, BUCKET, BAM, seconds=1)
    time.sleep(1.5)
    assert_refused(short, "AccessDenied")


@pytest.mark.hostile
def test_a_guest_gets_no_identity(backend):
    cognito = igv_client.unsigned("cognito-identity", settings.REGION)
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        cognito.get_id(IdentityPoolId=backend.configuration.identity_pool_id)


def token_by_password(pool_id: str, password: str) -> tuple[str, str]:
    """An app client that somebody else made in a pool, and the person's token for it."""
    cognito = settings.client("cognito-idp")
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    made = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="other", ExplicitAuthFlows=flows)
    client_id = made["UserPoolClient"]["ClientId"]
    answer = cognito.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": PERSON, "PASSWORD": password},
    )
    return client_id, answer["AuthenticationResult"]["IdToken"]


@pytest.fixture
def other_client(backend) -> Iterator[tuple[str, str]]:
    """Another app client of IGV's user pool, with a token for it."""
    pool_id = viewer.pool_id(settings.IGV_PROJECT)
    found = token_by_password(pool_id, backend.password)
    yield found
    settings.client("cognito-idp").delete_user_pool_client(UserPoolId=pool_id, ClientId=found[0])


@pytest.fixture
def other_pool() -> Iterator[tuple[str, str]]:
    """Another user pool with a person of the same address, and a token of it."""
    cognito, password = settings.client("cognito-idp"), f"{secrets.token_urlsafe(16)}-Aa1!"
    pool_id = cognito.create_user_pool(PoolName="somebody-elses")["UserPool"]["Id"]
    address = {"Name": "email", "Value": PERSON}
    cognito.admin_create_user(UserPoolId=pool_id, Username=PERSON, UserAttributes=[address], MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool_id, Username=PERSON, Password=password, Permanent=True)
    yield token_by_password(pool_id, password)
    cognito.delete_user_pool(UserPoolId=pool_id)


@pytest.mark.hostile
def test_a_token_of_another_client_is_worth_nothing(backend, other_client):
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        igv_client.credentials(backend.configuration, other_client[1])


@pytest.mark.hostile
def test_a_token_of_another_user_pool_is_worth_nothing(backend, other_pool):
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        igv_client.credentials(backend.configuration, other_pool[1])


@pytest.mark.hostile
def test_nor_is_one_of_another_identity_pool_that_takes_it(backend, other_pool):
    client_id, id_token = other_pool
    cognito = settings.client("cognito-identity")
    name = claims_of(id_token)["iss"].removeprefix("https://")
    pool_id = cognito.create_identity_pool(
        IdentityPoolName="somebody-elses",
        AllowUnauthenticatedIdentities=False,
        AllowClassicFlow=True,
        CognitoIdentityProviders=[{"ProviderName": name, "ClientId": client_id}],
    )["IdentityPoolId"]
    elsewhere = dataclasses.replace(backend.configuration, identity_pool_id=pool_id)
    try:
        with pytest.raises(ClientError, match="Not authorized to perform sts:AssumeRoleWithWebIdentity"):
            igv_client.credentials(elsewhere, id_token)
    finally:
        cognito.delete_identity_pool(IdentityPoolId=pool_id)


@pytest.mark.hostile
def test_a_disabled_person_gets_nothing_more(backend, tokens):
    who = {"UserPoolId": viewer.pool_id(settings.IGV_PROJECT), "Username": PERSON}
    cognito = settings.client("cognito-idp")
    cognito.admin_disable_user(**who)
    try:
        with pytest.raises(ClientError, match="NotAuthorizedException"):
            igv_client.credentials(backend.configuration, tokens["id_token"])
        address = igv_client.authorization_address(backend.configuration, "state", "verifier")
        page = desktop.browse(PERSON, backend.password, address)
        assert (page.url.host, page.status_code) == (settings.IGV_LOGIN_DOMAIN, 200)
        assert 'name="password"' in page.text
    finally:
        cognito.admin_enable_user(**who)
    assert igv_client.credentials(backend.configuration, tokens["id_token"])


def assert_viewer_works(deployment) -> None:
    visitor.signed_in(deployment.user, deployment.password).close()


def assert_gone() -> None:
    pools = settings.client("cognito-identity").list_identity_pools(MaxResults=60)["IdentityPools"]
    roles = settings.client("iam").list_roles()["Roles"]
    assert settings.IGV_PROJECT not in [pool["IdentityPoolName"] for pool in pools]
    assert f"{settings.IGV_PROJECT}-reader" not in [role["RoleName"] for role in roles]


def test_the_viewer_works_when_igv_is_gone_with_its_users(backend, deployment):
    run([*TEARDOWN, "-e", f"confirm_users={settings.IGV_PROJECT}"])
    assert_gone()
    names = settings.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    assert settings.IGV_PROJECT not in [pool["Name"] for pool in names]
    assert_viewer_works(deployment)


def test_the_viewers_people_read_with_igv_where_it_shares_their_pool(deployment):
    desktop.build(*SHARED)
    configuration = igv_client.read(igv.CONFIGURATION)
    assert configuration.token_endpoint == f"https://{settings.LOGIN_DOMAIN}/oauth2/token"
    found = desktop.sign_in(configuration, deployment.password, deployment.user)
    shared = igv_client.storage(configuration, igv_client.credentials(configuration, found["id_token"]))
    assert igv_client.reads(shared, BUCKET, BAM, LOCUS)
    assert_viewer_works(deployment)


def test_and_go_on_with_the_viewer_when_igv_is_gone(deployment):
    run([*TEARDOWN, *SHARED])
    assert_gone()
    assert_viewer_works(deployment)
