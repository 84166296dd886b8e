"""The strict account itself: what it refuses, resets, hides for a while and breaks, it does as documented."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.unit.strict.aws import Killed
from tests.unit.strict.cloudfront import GONE_AFTER
from tests.unit.strict.conftest import one_client
from tests.unit.strict.tables import cloudfront_distribution as distributions
from tests.unit.strict.tables.cloudfront_public_key import KEY

POOL = "us-east-1_mine"
ORIGINS = {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "o.example.org"}]}
CONFIG = {
    "CallerReference": "r",
    "Comment": "",
    "Enabled": True,
    "Origins": ORIGINS,
    "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"},
}
ALIASES = {"Quantity": 1, "Items": ["a.example.org"]}
GOOGLE = {"ProviderName": "Google", "ProviderType": "Google"}
DETAILS = {"client_id": "c", "client_secret": "s", "authorize_scopes": "openid"}


@pytest.fixture
def cloudfront(account):
    distributions.before(account)
    return one_client("cloudfront")


@pytest.fixture
def cognito(account):
    account.cognito.put_pool(POOL, PoolName="lab")
    return one_client("cognito-idp")


def distribution(**changed):
    return {"DistributionConfig": {**CONFIG, **changed}}


def behavior(**changed):
    return distribution(DefaultCacheBehavior={**CONFIG["DefaultCacheBehavior"], **changed})


def key(**changed):
    return {"PublicKeyConfig": {"Name": "k", "CallerReference": "k", "EncodedKey": KEY, **changed}}


ONE = {"Quantity": 1, "Items": ["nobody"]}


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("create_distribution", distribution(CallerReference="a"), "DistributionAlreadyExists"),
        ("create_distribution", distribution(Origins={**ORIGINS, "Quantity": 2}), "InconsistentQuantities"),
        ("create_distribution", distribution(Aliases=ALIASES), "InvalidViewerCertificate"),
        ("create_distribution", distribution(PriceClass="Cheap"), "ValidationException"),
        ("create_distribution", behavior(TargetOriginId="nobody"), "NoSuchOrigin"),
        ("create_distribution", behavior(ResponseHeadersPolicyId="nobody"), "NoSuchResponseHeadersPolicy"),
        ("create_distribution", behavior(TrustedKeyGroups={"Enabled": True, **ONE}), "TrustedKeyGroupDoesNotExist"),
        ("update_distribution", {**distribution(), "Id": "a"}, "InvalidIfMatchVersion"),
        ("update_distribution", {**distribution(), "Id": "a", "IfMatch": "old"}, "PreconditionFailed"),
        ("delete_distribution", {"Id": "nobody", "IfMatch": "E"}, "NoSuchDistribution"),
        ("delete_distribution", {"Id": "a", "IfMatch": "now"}, "DistributionNotDisabled"),
        ("delete_public_key", {"Id": "K1", "IfMatch": "now"}, "PublicKeyInUse"),
        ("create_public_key", key(EncodedKey="nonsense"), "InvalidArgument"),
        ("create_public_key", key(Name="k1"), "PublicKeyAlreadyExists"),
        ("update_public_key", {**key(CallerReference="k1"), "Id": "K1", "IfMatch": "now"}, "CannotChange"),
        ("create_key_group", {"KeyGroupConfig": {"Name": "g", "Items": ["nobody"]}}, "InvalidArgument"),
        ("create_key_group", {"KeyGroupConfig": {"Name": "g1", "Items": ["K1"]}}, "KeyGroupAlreadyExists"),
        ("get_response_headers_policy", {"Id": "nobody"}, "NoSuchResponseHeadersPolicy"),
        (
            "tag_resource",
            {"Resource": "arn:aws:cloudfront::123456789012:distribution/nobody", "Tags": {"Items": []}},
            "NoSuchResource",
        ),
    ],
)
def test_what_cloudfront_refuses(cloudfront, account, operation, request_, code):
    if request_.get("IfMatch") == "now":
        kind = next(kind for kind, held in account.held.items() if request_["Id"] in held)
        request_ = {**request_, "IfMatch": account.held[kind][request_["Id"]]["etag"]}
    held = account.state()
    with pytest.raises(ClientError, match=code):
        getattr(cloudfront, operation)(**request_)
    assert account.state() == held


@pytest.mark.parametrize("kind", ["key_group", "origin_access_control", "response_headers_policy"])
def test_what_a_distribution_uses_stays(cloudfront, account, kind):
    groups = {"Enabled": True, "Quantity": 1, "Items": ["g1"]}
    used = {"TrustedKeyGroups": groups, "ResponseHeadersPolicyId": "g1"}
    origin = {**ORIGINS["Items"][0], "OriginAccessControlId": "g1"}
    config = behavior(**used)["DistributionConfig"]
    made = cloudfront.create_distribution(
        DistributionConfig={**config, "Enabled": False, "Origins": {**ORIGINS, "Items": [origin]}}
    )
    etag = getattr(cloudfront, f"get_{kind}")(Id="g1")["ETag"]
    with pytest.raises(ClientError, match="InUse"):
        getattr(cloudfront, f"delete_{kind}")(Id="g1", IfMatch=etag)
    with pytest.raises(ClientError, match="DistributionNotDisabled"):  # as long as that is not deployed
        cloudfront.delete_distribution(Id=made["Distribution"]["Id"], IfMatch=made["ETag"])
    while cloudfront.get_distribution(Id=made["Distribution"]["Id"])["Distribution"]["Status"] != "Deployed":
        pass
    cloudfront.delete_distribution(Id=made["Distribution"]["Id"], IfMatch=made["ETag"])
    with pytest.raises(ClientError, match="InUse"):  # as long as that is told of
        getattr(cloudfront, f"delete_{kind}")(Id="g1", IfMatch=etag)
    for _call in range(GONE_AFTER - 1):
        cloudfront.get_distribution(Id=made["Distribution"]["Id"])
    with pytest.raises(ClientError, match="NoSuchDistribution"):
        cloudfront.get_distribution(Id=made["Distribution"]["Id"])
    getattr(cloudfront, f"delete_{kind}")(Id="g1", IfMatch=etag)


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("create_user_pool", {"PoolName": "a b!"}, "ValidationException"),
        ("create_user_pool", {"PoolName": "p", "MfaConfiguration": "ON"}, "InvalidParameter"),
        ("create_user_pool", {"PoolName": "p", "Policies": {"PasswordPolicy": {"MinimumLength": 200}}}, "Validation"),
        ("describe_user_pool", {"UserPoolId": "us-east-1_nobody"}, "ResourceNotFound"),
        ("create_user_pool_domain", {"Domain": "theirs", "UserPoolId": POOL}, "InvalidParameter"),
        ("create_user_pool_client", {"ClientName": "c", "SupportedIdentityProviders": ["Google"]}, "InvalidParameter"),
        ("create_user_pool_client", {"ClientName": "c", "AllowedOAuthFlows": ["code"]}, "InvalidOAuthFlow"),
        ("create_user_pool_client", {"ClientName": "c", "AccessTokenValidity": 25}, "InvalidParameter"),
        ("create_identity_provider", {**GOOGLE, "ProviderDetails": {"client_id": "c"}}, "InvalidParameter"),
        ("admin_get_user", {"Username": "nobody"}, "UserNotFound"),
        ("admin_create_user", {"Username": "nobody", "MessageAction": "RESEND"}, "UserNotFound"),
    ],
)
def test_what_cognito_refuses(cognito, account, operation, request_, code):
    account.cognito.put_pool("us-east-1_other", PoolName="other")
    account.cognito.create_user_pool_domain({"Domain": "theirs", "UserPoolId": "us-east-1_other"})
    of_pool = {} if operation.endswith(("user_pool", "domain")) else {"UserPoolId": POOL}
    held = account.state()
    with pytest.raises(ClientError, match=code):
        getattr(cognito, operation)(**{**of_pool, **request_})
    assert account.state() == held


def test_a_pool_goes_last(cognito, account):
    cognito.create_user_pool_domain(Domain="lab", UserPoolId=POOL)
    cognito.create_identity_provider(UserPoolId=POOL, ProviderDetails=DETAILS, **GOOGLE)
    cognito.update_user_pool(UserPoolId=POOL, DeletionProtection="ACTIVE")
    with pytest.raises(ClientError, match="deletion protection"):
        cognito.delete_user_pool(UserPoolId=POOL)
    cognito.update_user_pool(UserPoolId=POOL)
    with pytest.raises(ClientError, match="domain"):
        cognito.delete_user_pool(UserPoolId=POOL)
    cognito.delete_user_pool_domain(Domain="lab", UserPoolId=POOL)
    cognito.delete_user_pool(UserPoolId=POOL)
    assert not account.held["UserPool"]
    assert not account.held["IdentityProvider"], "what is in it goes with it"


def test_an_update_resets_what_it_leaves_out(cognito, account):
    made = cognito.create_user_pool_client(
        UserPoolId=POOL, ClientName="c", GenerateSecret=True, RefreshTokenValidity=5, EnableTokenRevocation=False
    )["UserPoolClient"]
    held = cognito.update_user_pool_client(UserPoolId=POOL, ClientId=made["ClientId"])["UserPoolClient"]
    assert (held["RefreshTokenValidity"], held["EnableTokenRevocation"]) == (30, True)
    assert held["ClientSecret"] == made["ClientSecret"]
    policy = {"PasswordPolicy": {"MinimumLength": 20}}
    cognito.update_user_pool(
        UserPoolId=POOL, Policies=policy, AutoVerifiedAttributes=["email"], UserPoolTags={"a": "b"}
    )
    pool = cognito.describe_user_pool(UserPoolId=POOL)["UserPool"]
    assert (pool["Policies"]["PasswordPolicy"]["MinimumLength"], pool["UserPoolTags"]) == (20, {"a": "b"})
    cognito.update_user_pool(UserPoolId=POOL)
    pool = cognito.describe_user_pool(UserPoolId=POOL)["UserPool"]
    assert (pool["Policies"]["PasswordPolicy"]["MinimumLength"], pool["UserPoolTags"]) == (8, {})
    assert "AutoVerifiedAttributes" not in pool


MADE = "us-east-1:00000002-0000-0000-0000-000000000000"
RULES = {"Type": "Rules", "AmbiguousRoleResolution": "Deny"}
ARN = "arn:aws:cognito-identity:us-east-1:123456789012:identitypool/{}"


@pytest.fixture
def identities(account):
    client = one_client("cognito-identity")
    client.create_identity_pool(
        IdentityPoolName="lab", AllowUnauthenticatedIdentities=False, DeveloperProviderName="login.lab"
    )
    return client


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("describe_identity_pool", {"IdentityPoolId": "us-east-1:0"}, "ResourceNotFound"),
        ("update_identity_pool", {"IdentityPoolId": MADE, "DeveloperProviderName": "other"}, "InvalidParameter"),
        ("update_identity_pool", {"IdentityPoolId": MADE, "IdentityPoolName": "a/b"}, "ValidationException"),
        ("set_identity_pool_roles", {"IdentityPoolId": MADE, "Roles": {"guest": "arn:aws:iam::1:role/g"}}, "Invalid"),
        ("set_identity_pool_roles", {"IdentityPoolId": MADE, "Roles": {}, "RoleMappings": {"p": RULES}}, "Invalid"),
        ("tag_resource", {"ResourceArn": ARN.format("us-east-1:0"), "Tags": {}}, "ResourceNotFound"),
        ("tag_resource", {"ResourceArn": ARN.format(MADE).replace("123", "321"), "Tags": {}}, "InvalidParameter"),
    ],
)
def test_what_identity_pools_refuse(identities, account, operation, request_, code):
    usual = {"IdentityPoolName": "lab", "AllowUnauthenticatedIdentities": False}
    held = account.state()
    with pytest.raises(ClientError, match=code):
        getattr(identities, operation)(**{**(usual if operation.startswith("update") else {}), **request_})
    assert account.state() == held


def test_an_identity_pool_is_reset_by_an_update_but_for_its_roles_which_reset_each_other(identities):
    whole = {"IdentityPoolName": "lab", "AllowUnauthenticatedIdentities": False, "DeveloperProviderName": "login.lab"}
    provider = {"ProviderName": "cognito-idp.us-east-1.amazonaws.com/us-east-1_a", "ClientId": "c"}
    more = {"AllowClassicFlow": True, "CognitoIdentityProviders": [provider], "IdentityPoolTags": {"a": "b"}}
    held = identities.update_identity_pool(IdentityPoolId=MADE, **whole, **more)
    assert held["CognitoIdentityProviders"] == [{**provider, "ServerSideTokenCheck": False}]
    roles = {"authenticated": "arn:aws:iam::123456789012:role/r"}
    identities.set_identity_pool_roles(IdentityPoolId=MADE, Roles={}, RoleMappings={"p": {**RULES, "Type": "Token"}})
    identities.set_identity_pool_roles(IdentityPoolId=MADE, Roles=roles)
    held = identities.update_identity_pool(IdentityPoolId=MADE, **whole)
    assert (held["AllowClassicFlow"], held["IdentityPoolTags"]) == (False, {})
    assert "CognitoIdentityProviders" not in held
    told = identities.get_identity_pool_roles(IdentityPoolId=MADE)
    assert (told["Roles"], "RoleMappings" in told) == (roles, False)


def test_what_botocore_refuses_is_not_even_sent(cognito, account):
    with pytest.raises(ParamValidationError):
        cognito.create_user_pool(PoolName="p", Colour="red")
    assert account.clock == 0


def test_lists_come_in_small_pages(cloudfront, cognito, account):
    page = cloudfront.list_distributions()["DistributionList"]
    assert (len(page["Items"]), page["NextMarker"], page["IsTruncated"]) == (1, "1", True)
    rest = cloudfront.list_distributions(Marker="1")["DistributionList"]
    assert (len(rest["Items"]), "NextMarker" in rest) == (1, False)
    account.cognito.put_pool("us-east-1_other", PoolName="other")
    assert cognito.list_user_pools(MaxResults=60)["NextToken"] == "1"


def test_reads_after_a_write_may_not_see_it(cognito, account):
    account.lag = 2
    cognito.create_user_pool_domain(Domain="lab", UserPoolId=POOL)
    seen = [bool(cognito.describe_user_pool_domain(Domain="lab")["DomainDescription"]) for _turn in range(3)]
    assert seen == [False, False, True]


def test_calls_are_throttled_and_fail_in_their_turn(cognito, account):
    account.throttled, account.failing = 2, 3
    errors = []
    for _turn in range(6):
        try:
            errors.append(cognito.list_user_pools(MaxResults=60) and "")
        except ClientError as error:
            errors.append(error.response["Error"]["Code"])
    busy, broken = ["TooManyRequestsException", "ThrottlingException"], "InternalErrorException"
    assert errors[0] == errors[4] == ""
    assert {errors[1], errors[3]} == set(busy)
    assert errors[2] == errors[5] == broken


def test_who_is_killed_has_written(cognito, account):
    account.killed = 1
    with pytest.raises(Killed):
        cognito.create_user_pool(PoolName="p")
    assert len(account.held["UserPool"]) == 2
