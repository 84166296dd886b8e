"""Cognito's updates reset what they leave out. Emulators merge instead, so AWS's way is played here.

The stand-in takes the place of botocore's sending of requests. It checks each against AWS's model of the operation,
forgets every setting that an update does not carry, and refuses what AWS refuses.
"""

from __future__ import annotations

import copy
import datetime
import functools

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

POOL_ID, CLIENT_ID, SECRET = "us-east-1_AbCdEfGhI", "1h57kf5cpq17m0eml12example", "s3cr3t" * 6
THEN = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
ARN = f"arn:aws:cognito-idp:us-east-1:123456789012:userpool/{POOL_ID}"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:gate"

# A pool as AWS describes one that people have configured by other means than this module.
POOL = {
    "Id": POOL_ID,
    "Name": "lab",
    "Arn": ARN,
    "Status": "Enabled",
    "CreationDate": THEN,
    "LastModifiedDate": THEN,
    "EstimatedNumberOfUsers": 12,
    "Domain": "lab",
    "EmailConfigurationFailure": "mailbox full",
    "SchemaAttributes": [{"Name": "sub", "AttributeDataType": "String", "Required": True}],
    "UsernameAttributes": ["email"],
    "UsernameConfiguration": {"CaseSensitive": False},
    "Policies": {
        "PasswordPolicy": {"MinimumLength": 12, "RequireSymbols": True, "TemporaryPasswordValidityDays": 3},
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
    },
    "AutoVerifiedAttributes": ["email"],
    "LambdaConfig": {"PreSignUp": LAMBDA, "PreTokenGeneration": LAMBDA},
    "EmailVerificationMessage": "Code {####}",
    "EmailVerificationSubject": "Code",
    "VerificationMessageTemplate": {
        "EmailMessage": "Code {####}",
        "EmailSubject": "Code",
        "DefaultEmailOption": "CONFIRM_WITH_CODE",
    },
    "MfaConfiguration": "OFF",
    "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
    "UserPoolTags": {"owner": "ann"},
    "AdminCreateUserConfig": {
        "AllowAdminCreateUserOnly": True,
        "UnusedAccountValidityDays": 3,
        "InviteMessageTemplate": {"EmailMessage": "{username} {####}", "EmailSubject": "Welcome"},
    },
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]},
    "DeletionProtection": "ACTIVE",
    "UserPoolTier": "ESSENTIALS",
}
APP_CLIENT = {
    "UserPoolId": POOL_ID,
    "ClientName": "lab",
    "ClientId": CLIENT_ID,
    "ClientSecret": SECRET,
    "CreationDate": THEN,
    "LastModifiedDate": THEN,
    "RefreshTokenValidity": 30,
    "AccessTokenValidity": 60,
    "TokenValidityUnits": {"AccessToken": "minutes"},
    "ReadAttributes": ["email"],
    "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
    "SupportedIdentityProviders": ["COGNITO", "Google"],
    "CallbackURLs": ["https://lab.example.org/oauth2/idpresponse"],
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid"],
    "AllowedOAuthFlowsUserPoolClient": True,
    "EnableTokenRevocation": True,
    "AuthSessionValidity": 3,
}
READ_ONLY = {
    "update_user_pool": {"Id", "Name", "Arn", "Status", "CreationDate", "LastModifiedDate", "EstimatedNumberOfUsers"}
    | {"Domain", "EmailConfigurationFailure", "SchemaAttributes", "UsernameAttributes", "UsernameConfiguration"},
    "update_user_pool_client": {"UserPoolId", "ClientId", "ClientSecret", "CreationDate", "LastModifiedDate"},
}


def refusal(operation, message):
    return ClientError({"Error": {"Code": "InvalidParameterException", "Message": message}}, operation)


class Aws:
    """One pool and one client."""

    def __init__(self):
        self.pool, self.app_client, self.updates = copy.deepcopy(POOL), copy.deepcopy(APP_CLIENT), []

    def answer(self, client, operation, request):
        model = client.meta.service_model.operation_model(operation)
        report = ParamValidator().validate(request, model.input_shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())
        return copy.deepcopy(getattr(self, xform_name(operation))(request) or {})

    def list_user_pools(self, request):
        return {"UserPools": [{"Id": POOL_ID, "Name": "lab"}]}

    def describe_user_pool(self, request):
        return {"UserPool": self.pool}

    def update_user_pool(self, request):
        days = request.get("AdminCreateUserConfig", {}).get("UnusedAccountValidityDays")
        if days and "TemporaryPasswordValidityDays" in request.get("Policies", {}).get("PasswordPolicy", {}):
            raise refusal("UpdateUserPool", "Please use TemporaryPasswordValidityDays in PasswordPolicy")
        if "EmailVerificationMessage" in request and "EmailMessage" in request.get("VerificationMessageTemplate", {}):
            raise refusal("UpdateUserPool", "the two messages contradict each other")
        self.pool = self.reset(self.pool, "update_user_pool", request)

    def tag_resource(self, request):
        self.pool["UserPoolTags"].update(request["Tags"])

    def untag_resource(self, request):
        for key in request["TagKeys"]:
            del self.pool["UserPoolTags"][key]

    def list_user_pool_clients(self, request):
        return {"UserPoolClients": [{"ClientId": CLIENT_ID, "ClientName": "lab"}]}

    def describe_user_pool_client(self, request):
        return {"UserPoolClient": self.app_client}

    def update_user_pool_client(self, request):
        self.app_client = self.reset(self.app_client, "update_user_pool_client", request)
        return {"UserPoolClient": self.app_client}

    def reset(self, held, operation, request):
        """What is left: what can't be changed, and what the update carries."""
        self.updates.append(request)
        carried = {key: value for key, value in request.items() if key not in ("UserPoolId", "ClientId")}
        return {**{key: value for key, value in held.items() if key in READ_ONLY[operation]}, **carried}


@pytest.fixture
def aws_itself(run_module, monkeypatch):
    standing_in = Aws()

    def send(client, operation, request):
        return standing_in.answer(client, operation, request)

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", send)
    return standing_in


@pytest.fixture
def pool(aws_itself, run_module):
    return functools.partial(run_module, "cognito_user_pool", name="lab")


@pytest.fixture
def app_client(aws_itself, run_module):
    return functools.partial(run_module, "cognito_user_pool_client", name="lab", user_pool_id=POOL_ID)


def test_the_stand_in_forgets(aws_itself):
    aws_itself.update_user_pool({"UserPoolId": POOL_ID, "MfaConfiguration": "OFF"})
    assert "LambdaConfig" not in aws_itself.pool
    assert aws_itself.pool["UsernameAttributes"] == ["email"]


def test_what_is_not_asked_for_survives_the_update_of_a_pool(pool, aws_itself):
    result = pool(mfa_configuration="OPTIONAL", password_policy={"minimum_length": 20})
    assert result["changed"], result
    expected = copy.deepcopy(POOL)
    expected["MfaConfiguration"] = "OPTIONAL"
    expected["Policies"]["PasswordPolicy"]["MinimumLength"] = 20
    # AWS goes on describing these under their other names, which were sent.
    del expected["AdminCreateUserConfig"]["UnusedAccountValidityDays"]
    del expected["EmailVerificationMessage"], expected["EmailVerificationSubject"]
    del aws_itself.pool["PoolName"]
    assert aws_itself.pool == expected
    assert len(aws_itself.updates) == 1
    assert not pool(mfa_configuration="OPTIONAL", password_policy={"minimum_length": 20})["changed"]


OTHER = LAMBDA.replace("gate", "sign-in")
ASKED = {"pre_token_generation_config": {"lambda_arn": OTHER, "lambda_version": "V1_0"}}


def test_a_change_of_the_triggers_resets_nothing_else(pool, aws_itself):
    result = pool(lambda_config=ASKED)
    assert result["changed"], result
    del aws_itself.pool["PoolName"]
    told = {"LambdaArn": OTHER, "LambdaVersion": "V1_0"}
    assert aws_itself.updates[0]["LambdaConfig"] == {"PreSignUp": LAMBDA, "PreTokenGenerationConfig": told}
    changed = {key for key in POOL if aws_itself.pool.get(key) != POOL[key]}
    resent = {"AdminCreateUserConfig", "EmailVerificationMessage", "EmailVerificationSubject"}
    assert changed == {"LambdaConfig", *resent}, "the others AWS goes on describing under their other names"
    assert aws_itself.pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert not pool(lambda_config=ASKED)["changed"]


def test_a_function_under_both_its_names_is_no_change_and_sent_once(pool, aws_itself):
    both = {"PreTokenGeneration": OTHER, "PreTokenGenerationConfig": {"LambdaArn": OTHER, "LambdaVersion": "V1_0"}}
    aws_itself.pool["LambdaConfig"] = both
    assert not pool(lambda_config=ASKED)["changed"]
    assert pool(mfa_configuration="ON")["changed"]
    assert aws_itself.updates[0]["LambdaConfig"].keys() == {"PreTokenGenerationConfig"}


def test_nothing_asked_is_nothing_sent(pool, app_client, aws_itself):
    assert not pool()["changed"]
    assert not app_client()["changed"]
    assert aws_itself.updates == []


def test_nothing_that_can_not_be_changed_is_sent(pool, app_client, aws_itself):
    pool(mfa_configuration="ON")
    app_client(callback_urls=["https://other.example.org"])
    to_pool, to_client = aws_itself.updates
    assert not to_pool.keys() & READ_ONLY["update_user_pool"]
    assert not to_client.keys() & (READ_ONLY["update_user_pool_client"] - {"UserPoolId", "ClientId"})
    assert "GenerateSecret" not in to_client


def test_tags_survive_an_update_and_change_with_one(pool, aws_itself):
    pool(mfa_configuration="ON")
    assert aws_itself.pool["UserPoolTags"] == {"owner": "ann"}
    assert pool(mfa_configuration="OFF", tags={"project": "lab"})["changed"]
    assert aws_itself.pool["UserPoolTags"] == {"project": "lab"}


def test_a_protected_pool_is_unprotected_without_losing_anything_else(pool, aws_itself):
    aws_itself.pool.pop("Domain")
    aws_itself.delete_user_pool = lambda request: aws_itself.updates.append("deleted")
    assert pool(state="absent", deletion_protection="INACTIVE")["changed"]
    assert aws_itself.updates[1:] == ["deleted"]
    assert aws_itself.pool["DeletionProtection"] == "INACTIVE"
    assert aws_itself.pool["LambdaConfig"] == POOL["LambdaConfig"]


def test_what_is_not_asked_for_survives_the_update_of_a_client(app_client, aws_itself):
    result = app_client(callback_urls=["https://new.example.org"], token_validity_units={"id_token": "hours"})
    assert result["changed"], result
    units = {"AccessToken": "minutes", "IdToken": "hours"}
    changed = {"CallbackURLs": ["https://new.example.org"], "TokenValidityUnits": units}
    assert aws_itself.app_client == {**APP_CLIENT, **changed}
    assert SECRET not in str(result)


@pytest.mark.parametrize(
    ("asked", "changes"),
    [
        ({"supported_identity_providers": ["Google", "COGNITO"]}, False),
        ({"supported_identity_providers": ["COGNITO"]}, True),
        ({"logout_urls": []}, False),
        ({"callback_urls": []}, True),
        ({"access_token_validity": 60, "token_validity_units": {"access_token": "minutes"}}, False),
        ({"token_validity_units": {"access_token": "hours"}}, True),
        ({"generate_secret": True}, False),
    ],
)
def test_a_client_changes_only_when_it_differs(app_client, aws_itself, asked, changes):
    assert app_client(**asked)["changed"] is changes
    assert bool(aws_itself.updates) is changes
    assert not app_client(**asked)["changed"]


def test_an_old_pool_tells_capitals_apart(pool, aws_itself):
    del aws_itself.pool["UsernameConfiguration"]
    assert not pool(username_configuration={"case_sensitive": True})["changed"]
    assert "can't be changed" in pool(username_configuration={"case_sensitive": False})["msg"]
