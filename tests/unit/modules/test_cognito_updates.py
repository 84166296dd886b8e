"""Cognito's updates reset what they leave out. Emulators merge instead, so AWS's way is played here.

The stand-in takes the place of botocore's sending of requests. It checks each against AWS's model of the operation,
forgets every setting that an update does not carry, and refuses what AWS refuses.
"""

from __future__ import annotations

import copy
import datetime
import functools

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import merge
from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

POOL_ID, CLIENT_ID, SECRET = "us-east-1_AbCdEfGhI", "1h57kf5cpq17m0eml12example", "s3cr3t" * 6
THEN = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
ARN = f"arn:aws:cognito-idp:us-east-1:123456789012:userpool/{POOL_ID}"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:gate"

BY_PASSWORD = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}}  # what every pool has

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
        **BY_PASSWORD,
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
        self.mfa, self.factors = {}, []

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
        if request.get("MfaConfiguration") == "ON" != self.pool.get("MfaConfiguration"):
            raise refusal("UpdateUserPool", "Cannot turn MFA functionality ON, once the user pool has been created.")
        self.pool = self.reset(self.pool, "update_user_pool", request)
        self.pool["Policies"] = {**BY_PASSWORD, **self.pool.get("Policies", {})}

    def add_custom_attributes(self, request):
        added = [{**each, "Name": f"custom:{each['Name']}"} for each in request["CustomAttributes"]]
        self.pool["SchemaAttributes"] += added

    def get_user_pool_mfa_config(self, request):
        sms = {"SmsConfiguration": self.pool["SmsConfiguration"]} if "SmsConfiguration" in self.pool else {}
        both = {"MfaConfiguration": self.pool["MfaConfiguration"], **self.mfa}
        return {**both, "SmsMfaConfiguration": sms} if sms and both["MfaConfiguration"] != "OFF" else both

    def set_user_pool_mfa_config(self, request):
        self.factors.append(request)
        mfa = {key: value for key, value in request.items() if key not in ("UserPoolId", "MfaConfiguration")}
        factors = mfa.keys() - {"WebAuthnConfiguration"}
        if request.get("MfaConfiguration", "OFF") == "OFF" and factors:
            raise refusal("SetUserPoolMfaConfig", "can't turn off MFA and configure an MFA together.")
        if request.get("MfaConfiguration", "OFF") != "OFF" and not factors:
            raise refusal("SetUserPoolMfaConfig", "can't disable all MFAs with a required or optional configuration.")
        if factors and "SmsConfiguration" in self.pool and "SmsMfaConfiguration" not in mfa:
            raise refusal("SetUserPoolMfaConfig", "Can't turn off SMS_MFA when SMS configuration is set")
        self.pool["MfaConfiguration"] = request.get("MfaConfiguration", "OFF")
        self.mfa = {key: value for key, value in mfa.items() if key != "SmsMfaConfiguration"}

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
    result = pool(deletion_protection="INACTIVE", password_policy={"minimum_length": 20})
    assert result["changed"], result
    expected = copy.deepcopy(POOL)
    expected["DeletionProtection"] = "INACTIVE"
    expected["Policies"]["PasswordPolicy"]["MinimumLength"] = 20
    # AWS goes on describing these under their other names, which were sent.
    del expected["AdminCreateUserConfig"]["UnusedAccountValidityDays"]
    del expected["EmailVerificationMessage"], expected["EmailVerificationSubject"]
    del aws_itself.pool["PoolName"]
    assert aws_itself.pool == expected
    assert len(aws_itself.updates) == 1
    assert not pool(deletion_protection="INACTIVE", password_policy={"minimum_length": 20})["changed"]


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
    assert pool(user_pool_tier="PLUS")["changed"]
    assert aws_itself.updates[0]["LambdaConfig"].keys() == {"PreTokenGenerationConfig"}


def test_nothing_asked_is_nothing_sent(pool, app_client, aws_itself):
    assert not pool()["changed"]
    assert not app_client()["changed"]
    assert aws_itself.updates == []


def test_nothing_that_can_not_be_changed_is_sent(pool, app_client, aws_itself):
    pool(user_pool_tier="PLUS")
    app_client(callback_urls=["https://other.example.org"])
    to_pool, to_client = aws_itself.updates
    assert not to_pool.keys() & READ_ONLY["update_user_pool"]
    assert not to_client.keys() & (READ_ONLY["update_user_pool_client"] - {"UserPoolId", "ClientId"})
    assert "GenerateSecret" not in to_client


def test_tags_survive_an_update_and_change_with_one(pool, aws_itself):
    pool(user_pool_tier="PLUS")
    assert aws_itself.pool["UserPoolTags"] == {"owner": "ann"}
    assert pool(user_pool_tier="LITE", tags={"project": "lab"})["changed"]
    assert aws_itself.pool["UserPoolTags"] == {"owner": "ann", "project": "lab"}


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


TOKEN = {"software_token_mfa_configuration": {"enabled": True}}
MAIL = {"text": "Code {####}", "subject": "Code"}
SMS = {"sns_caller_arn": "arn:aws:iam::123456789012:role/sms", "external_id": "x"}
HELD_SMS = {"SnsCallerArn": SMS["sns_caller_arn"], "ExternalId": "x"}
PASSKEYS = {"relying_party_id": "lab.example.org", "user_verification": "required"}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"mfa_configuration": "ON", **TOKEN}, {"SoftwareTokenMfaConfiguration": {"Enabled": True}}),
        (
            {"mfa_configuration": "OPTIONAL", "email_mfa_configuration": MAIL},
            {
                "SoftwareTokenMfaConfiguration": {"Enabled": False},
                "EmailMfaConfiguration": {"Message": "Code {####}", "Subject": "Code"},
            },
        ),
        (
            {"mfa_configuration": "ON", "sms_configuration": SMS, "sms_authentication_message": "Code {####}"},
            {
                "SoftwareTokenMfaConfiguration": {"Enabled": False},
                "SmsMfaConfiguration": {"SmsConfiguration": HELD_SMS, "SmsAuthenticationMessage": "Code {####}"},
            },
        ),
        (
            {"web_authn_configuration": PASSKEYS},
            {"WebAuthnConfiguration": {"RelyingPartyId": "lab.example.org", "UserVerification": "required"}},
        ),
    ],
)
def test_a_second_factor_has_a_call_of_its_own(pool, aws_itself, asked, sent):
    foreseen, done = pool(check_mode=True, **asked), pool(**asked)
    assert done["changed"], done
    assert foreseen["diff"] == done["diff"]
    (request,) = aws_itself.factors
    mode = asked.get("mfa_configuration", "OFF")
    assert request == {"UserPoolId": POOL_ID, "MfaConfiguration": mode, **sent}
    assert bool(aws_itself.updates) == ("sms_configuration" in asked), "the pool's own update only where it must"
    assert aws_itself.pool["LambdaConfig"] == POOL["LambdaConfig"]
    assert not pool(**asked)["changed"]
    assert len(aws_itself.factors) == 1


def test_factors_that_are_not_asked_for_stay(pool, aws_itself):
    pool(mfa_configuration="ON", email_mfa_configuration=MAIL, web_authn_configuration=PASSKEYS)
    assert pool(mfa_configuration="OPTIONAL", **TOKEN)["changed"]
    kept = {"SoftwareTokenMfaConfiguration", "EmailMfaConfiguration", "WebAuthnConfiguration"}
    assert kept <= aws_itself.factors[-1].keys()
    assert pool(user_pool_tier="PLUS")["changed"]
    assert aws_itself.updates[-1]["MfaConfiguration"] == "OPTIONAL"
    assert len(aws_itself.factors) == 2


def test_no_second_factor_takes_the_factors_away(pool, aws_itself):
    pool(mfa_configuration="ON", email_mfa_configuration=MAIL, web_authn_configuration=PASSKEYS, **TOKEN)
    off = {"mfa_configuration": "OFF", "software_token_mfa_configuration": {"enabled": False}}
    foreseen, done = pool(check_mode=True, **off), pool(**off)
    assert done["changed"], done
    assert foreseen["diff"] == done["diff"]
    assert aws_itself.mfa.keys() == {"WebAuthnConfiguration"}
    assert not pool(**off)["changed"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"mfa_configuration": "OFF", **TOKEN}, "A second factor needs mfa_configuration ON or OPTIONAL."),
        (
            {"mfa_configuration": "OFF", "email_mfa_configuration": MAIL},
            "A second factor needs mfa_configuration ON or OPTIONAL.",
        ),
        (TOKEN, "missing parameter(s) required by 'software_token_mfa_configuration': mfa_configuration"),
    ],
)
def test_a_factor_without_a_use_is_refused(pool, aws_itself, asked, message):
    assert message in pool(**asked)["msg"]
    assert aws_itself.factors == []


def attribute(name, **rest):
    return {"name": name, "attribute_data_type": "String", **rest}


def test_attributes_are_added_and_never_changed(pool, aws_itself):
    asked = {"schema": [attribute("group", mutable=True, string_attribute_constraints={"max_length": 20})]}
    foreseen, done = pool(check_mode=True, **asked), pool(**asked)
    assert done["changed"], done
    assert foreseen["diff"] == done["diff"]
    added = {"Name": "custom:group", "AttributeDataType": "String", "Mutable": True}
    assert aws_itself.pool["SchemaAttributes"][1] == {**added, "StringAttributeConstraints": {"MaxLength": "20"}}
    assert aws_itself.updates == [], "the pool's own update has nothing to say about it"
    assert not pool(**asked)["changed"]
    assert not pool(schema=[attribute("group")])["changed"]
    assert not pool(schema=[attribute("sub", required=True)])["changed"], "a standard one"
    refused = pool(check_mode=True, schema=[attribute("group", mutable=False)])
    assert "Attribute group can't be changed once it is made. Add one of another name to schema." in refused["msg"]
    assert pool(schema=[attribute("second")])["changed"]
    names = [each["Name"] for each in aws_itself.pool["SchemaAttributes"]]
    assert names == ["sub", "custom:group", "custom:second"], "what is not given stays"


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"pre_sign_up": ""}, {"PreTokenGenerationConfig"}),
        ({"pre_token_generation_config": {"lambda_arn": "", "lambda_version": "V1_0"}}, {"PreSignUp"}),
        (
            {"pre_sign_up": "", "pre_token_generation_config": {"lambda_arn": "", "lambda_version": "V1_0"}},
            None,
        ),
    ],
)
def test_an_empty_arn_takes_a_trigger_away(pool, aws_itself, asked, left):
    told = {"LambdaArn": LAMBDA, "LambdaVersion": "V1_0"}
    aws_itself.pool["LambdaConfig"] = {**POOL["LambdaConfig"], "PreTokenGenerationConfig": told}
    assert pool(lambda_config=asked)["changed"]
    (update,) = aws_itself.updates
    assert (update["LambdaConfig"].keys() if left else update.get("LambdaConfig")) == left
    assert not pool(lambda_config=asked)["changed"]


FUNCTION = {"LambdaArn": OTHER, "LambdaVersion": "V1_0"}
PLAIN = ("PostConfirmation", "PreAuthentication", "PostAuthentication", "CustomMessage", "UserMigration")
CHALLENGES = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
SETTINGS = {
    "lambda_config": (
        {xform_name(trigger): OTHER for trigger in (*PLAIN, *CHALLENGES)}
        | {f"custom_{kind}_sender": {"lambda_arn": OTHER} for kind in ("email", "sms")}
        | {"kms_key_id": "arn:aws:kms:us-east-1:123456789012:key/1"},
        {**dict.fromkeys((*PLAIN, *CHALLENGES), OTHER), "CustomEmailSender": FUNCTION, "CustomSMSSender": FUNCTION}
        | {"KMSKeyID": "arn:aws:kms:us-east-1:123456789012:key/1"},
    ),
    "sms_configuration": ({**SMS, "sns_region": "us-east-1"}, {**HELD_SMS, "SnsRegion": "us-east-1"}),
    "sms_authentication_message": ("Your code {####}", "Your code {####}"),
    "email_configuration": (
        {
            "email_sending_account": "DEVELOPER",
            "source_arn": "arn:aws:ses:us-east-1:123456789012:identity/lab.example.org",
            "from": "Lab <no-reply@lab.example.org>",
            "reply_to_email_address": "help@lab.example.org",
            "configuration_set": "lab",
        },
        {
            "EmailSendingAccount": "DEVELOPER",
            "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/lab.example.org",
            "From": "Lab <no-reply@lab.example.org>",
            "ReplyToEmailAddress": "help@lab.example.org",
            "ConfigurationSet": "lab",
        },
    ),
    "verification_message_template": (
        {
            "default_email_option": "CONFIRM_WITH_LINK",
            "email_message": "Code {####}!",
            "email_subject": "Code!",
            "email_message_by_link": "{##here##}",
            "email_subject_by_link": "Link",
            "sms_message": "Code {####}",
        },
        {
            "DefaultEmailOption": "CONFIRM_WITH_LINK",
            "EmailMessage": "Code {####}!",
            "EmailSubject": "Code!",
            "EmailMessageByLink": "{##here##}",
            "EmailSubjectByLink": "Link",
            "SmsMessage": "Code {####}",
        },
    ),
    "user_attribute_update_settings": (
        {"attributes_require_verification_before_update": ["email"]},
        {"AttributesRequireVerificationBeforeUpdate": ["email"]},
    ),
    "account_recovery_setting": (
        {"recovery_mechanisms": [{"name": "verified_email", "priority": 1}]},
        {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
    ),
    "device_configuration": (
        {"challenge_required_on_new_device": True, "device_only_remembered_on_user_prompt": True},
        {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True},
    ),
    "user_pool_add_ons": ({"advanced_security_mode": "AUDIT"}, {"AdvancedSecurityMode": "AUDIT"}),
    "user_pool_tier": ("PLUS", "PLUS"),
    "sign_in_policy": (
        {"allowed_first_auth_factors": ["PASSWORD", "EMAIL_OTP"]},
        {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    ),
    "password_policy": ({"password_history_size": 5}, {"PasswordPolicy": {"PasswordHistorySize": 5}}),
    "admin_create_user_config": (
        {"invite_message_template": {"sms_message": "{username} {####}", "email_subject": "Hello"}},
        {"InviteMessageTemplate": {"SMSMessage": "{username} {####}", "EmailSubject": "Hello"}},
    ),
}


@pytest.mark.parametrize("option", SETTINGS)
def test_each_setting_of_a_pool(pool, aws_itself, option):
    asked, expected = SETTINGS[option]
    foreseen, done, again = pool(check_mode=True, **{option: asked}), *(pool(**{option: asked}) for _turn in range(2))
    assert [result.get("changed", result) for result in (foreseen, done, again)] == [True, True, False]
    assert foreseen["diff"] == done["diff"]
    name = {"sign_in_policy": "Policies", "password_policy": "Policies"}.get(option)
    held = aws_itself.pool[name or "".join(word.capitalize() for word in option.split("_"))]
    assert merge(held, expected) == held
    assert len(aws_itself.updates) == 1


def test_refresh_tokens_rotate(app_client, aws_itself):
    asked = {"refresh_token_rotation": {"feature": "ENABLED", "retry_grace_period_seconds": 10}}
    assert app_client(**asked)["changed"]
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}
    assert aws_itself.app_client == {**APP_CLIENT, "RefreshTokenRotation": rotation}
    assert not app_client(**asked)["changed"]


def test_a_client_can_lose_a_setting(app_client, aws_itself):
    aws_itself.app_client["DefaultRedirectURI"] = APP_CLIENT["CallbackURLs"][0]
    assert app_client(default_redirect_uri="")["changed"]
    assert aws_itself.app_client == APP_CLIENT
    assert not app_client(default_redirect_uri="")["changed"]
