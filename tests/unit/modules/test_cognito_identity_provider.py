"""cognito_identity_provider: on ministack, and what only AWS does against a stand-in.

The stand-in does what botocore's model of DescribeIdentityProvider tells: it adds details, tells the client's secret
and keeps Apple's key to itself. An update replaces each part that it carries.
"""

from __future__ import annotations

import copy
import functools
import json
import logging
import syslog

import pytest
from ansible.module_utils import basic
from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

POOL_ID, SECRET, ROTATED, APPLE_KEY = "us-east-1_AbCdEfGhI", "GOCSPX-first", "GOCSPX-second", "MIGTAgEAMBMGByqGSM49"
DETAILS = {"client_id": "1.apps.example", "client_secret": SECRET, "authorize_scopes": "openid email profile"}
MAPPING = {"username": "sub", "email": "email", "email_verified": "email_verified", "name": "name"}
GOOGLE = {"provider_name": "Google", "provider_type": "Google", "provider_details": DETAILS}
ADDED = {
    "Google": {
        "attributes_url": "https://people.googleapis.com/v1/people/me?personFields=",
        "attributes_url_add_attributes": "true",
        "authorize_url": "https://accounts.google.com/o/oauth2/v2/auth",
        "oidc_issuer": "https://accounts.google.com",
        "token_request_method": "POST",
        "token_url": "https://www.googleapis.com/oauth2/v4/token",
    },
    "SAML": {"ActiveEncryptionCertificate": "MIIC", "SSORedirectBindingURI": "https://idp.example.org/sso"},
    "SignInWithApple": {"attributes_url_add_attributes": "false", "token_request_method": "POST"},
    "OIDC": {"attributes_url_add_attributes": "false"},
}
READ_ONLY = {"ActiveEncryptionCertificate", "SSORedirectBindingURI"}


@pytest.fixture
def cognito(client):
    return client("cognito-idp")


@pytest.fixture
def pool_id(cognito):
    return cognito.create_user_pool(PoolName="lab")["UserPool"]["Id"]


@pytest.fixture
def google(run_module, pool_id):
    arguments = {**GOOGLE, "attribute_mapping": MAPPING}
    return functools.partial(run_module, "cognito_identity_provider", user_pool_id=pool_id, **arguments)


def test_a_provider_goes_by_its_name_alone(google, run_module, pool_id):
    google()
    away = {"user_pool_id": pool_id, "provider_name": "Google", "state": "absent"}
    assert run_module("cognito_identity_provider", **away)["changed"]
    assert not run_module("cognito_identity_provider", **away)["changed"]


def test_a_provider_needs_a_pool_a_type_and_details(run_module):
    refused = run_module("cognito_identity_provider", user_pool_id=POOL_ID, provider_name="Google")
    assert "missing: provider_type, provider_details" in refused["msg"]
    refused = run_module("cognito_identity_provider", user_pool_id=POOL_ID, **GOOGLE)
    assert "Failed to create identity provider Google" in refused["msg"]
    assert SECRET not in json.dumps(refused)


def error(operation, code, message):
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Aws:
    """One provider, as AWS holds it."""

    def __init__(self):
        self.provider, self.requests, self.refuse = None, [], ""

    def answer(self, client, operation, request):
        report = ParamValidator().validate(request, client.meta.service_model.operation_model(operation).input_shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())
        if READ_ONLY & request.get("ProviderDetails", {}).keys():
            raise error(operation, "InvalidParameterException", "this detail is read-only")
        return copy.deepcopy(getattr(self, xform_name(operation))(request))

    def describe_identity_provider(self, request):
        if self.provider is None:
            raise error("DescribeIdentityProvider", "ResourceNotFoundException", "no such provider")
        return self.told()

    def create_identity_provider(self, request):
        self.requests.append(request)
        mapping = {"username": "sub", **request.get("AttributeMapping", {})}
        self.provider = {**request, "AttributeMapping": mapping}
        return self.told()

    def update_identity_provider(self, request):
        self.requests.append(request)
        if self.refuse:
            raise error("UpdateIdentityProvider", "InvalidParameterException", self.refuse)
        self.provider.update(request)
        return self.told()

    def told(self):
        details = {**ADDED[self.provider["ProviderType"]], **self.provider["ProviderDetails"]}
        shown = {key: value for key, value in details.items() if key != "private_key"}
        return {"IdentityProvider": {**self.provider, "ProviderDetails": shown, "IdpIdentifiers": []}}


@pytest.fixture
def aws_itself(run_module, monkeypatch):
    standing_in = Aws()

    def send(client, operation, request):
        return standing_in.answer(client, operation, request)

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", send)
    return standing_in


@pytest.fixture
def provider(aws_itself, run_module):
    return functools.partial(run_module, "cognito_identity_provider", user_pool_id=POOL_ID)


def test_what_aws_adds_is_no_change(provider, aws_itself):
    assert provider(**GOOGLE, attribute_mapping={"email": "email"})["changed"]
    again = provider(**GOOGLE, attribute_mapping={"email": "email"}, idp_identifiers=[])
    assert not again["changed"]
    assert again["identity_provider"]["provider_details"]["token_request_method"] == "POST"
    assert again["identity_provider"]["attribute_mapping"] == {"username": "sub", "email": "email"}
    assert len(aws_itself.requests) == 1


def test_an_update_carries_what_is_there(provider, aws_itself):
    provider(**GOOGLE, attribute_mapping=MAPPING)
    scopes = {"authorize_scopes": "openid email"}
    changed = provider(**{**GOOGLE, "provider_details": scopes})
    before, after = (changed["diff"][side]["provider_details"] for side in ("before", "after"))
    assert {key for key in before if before[key] != after[key]} == {"authorize_scopes"}
    sent = aws_itself.requests[-1]
    assert sent["ProviderDetails"] == {**ADDED["Google"], **DETAILS, **scopes}
    assert sent["AttributeMapping"] == MAPPING
    assert "ProviderType" not in sent
    assert not provider(**{**GOOGLE, "provider_details": scopes})["changed"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_new_secret_is_a_change_that_nobody_sees(provider, aws_itself, check_mode):
    provider(**GOOGLE)
    changed = provider(check_mode=check_mode, **{**GOOGLE, "provider_details": {"client_secret": ROTATED}})
    assert changed["changed"]
    assert changed["diff"]["before"] == changed["diff"]["after"]
    assert aws_itself.provider["ProviderDetails"]["client_secret"] == (SECRET if check_mode else ROTATED)


def test_no_secret_leaves_the_module(provider, aws_itself, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    logged = []
    monkeypatch.setattr(basic, "has_journal", False)
    monkeypatch.setattr(syslog, "syslog", lambda *arguments: logged.append(arguments))
    rotated = {**GOOGLE, "provider_details": {"client_secret": ROTATED}}
    results = [provider(**GOOGLE), provider(**GOOGLE), provider(**rotated)]
    aws_itself.refuse = f"neither {SECRET} nor {ROTATED} will do"
    results += [provider(**GOOGLE), provider(**GOOGLE, state="absent", check_mode=True)]
    assert [result.get("changed") for result in results] == [True, False, True, None, True]
    assert "Failed to update identity provider Google" in results[3]["msg"]
    assert any("authorize_scopes" in str(line) for line in logged), "arguments are logged"
    seen = json.dumps(results) + str(logged) + caplog.text
    assert SECRET not in seen
    assert ROTATED not in seen


def apple(**details):
    told = {"client_id": "org.example.lab", "team_id": "T", "key_id": "K1", "authorize_scopes": "email", **details}
    return {"provider_name": "SignInWithApple", "provider_type": "SignInWithApple", "provider_details": told}


def test_a_key_that_aws_keeps_to_itself_is_no_change_but_sent_with_one(provider, aws_itself):
    results = [provider(**apple(private_key=APPLE_KEY)), provider(**apple(private_key=APPLE_KEY))]
    results.append(provider(**apple(private_key=APPLE_KEY, key_id="K2")))
    assert [result["changed"] for result in results] == [True, False, True]
    assert [request["ProviderDetails"]["private_key"] for request in aws_itself.requests] == [APPLE_KEY] * 2
    assert APPLE_KEY not in json.dumps(results)


def test_a_new_issuer_drops_the_addresses_of_the_old(provider, aws_itself):
    oidc = {"provider_name": "lab", "provider_type": "OIDC"}
    old = {"client_id": "c", "oidc_issuer": "https://old.example", "token_url": "https://old.example/token"}
    provider(**oidc, provider_details=old)
    new = {"oidc_issuer": "https://new.example", "jwks_uri": "https://new.example/keys"}
    assert provider(**oidc, provider_details=new)["changed"]
    assert aws_itself.requests[-1]["ProviderDetails"] == {**ADDED["OIDC"], "client_id": "c", **new}
    assert not provider(**oidc, provider_details=new)["changed"]


def test_saml_takes_words_for_switches_and_nothing_that_aws_reads_from_metadata(provider, aws_itself):
    saml = {"provider_name": "lab", "provider_type": "SAML"}
    provider(**saml, provider_details={"metadata_file": "<xml/>", "idp_signout": True})
    assert aws_itself.requests[-1]["ProviderDetails"] == {"MetadataFile": "<xml/>", "IDPSignout": "true"}
    details = {"metadata_url": "https://idp.example.org/metadata", "idp_signout": True}
    changed = provider(**saml, provider_details=details)
    assert changed["identity_provider"]["active_encryption_certificate"] == "MIIC"
    expected = {"MetadataURL": "https://idp.example.org/metadata", "IDPSignout": "true"}
    assert aws_itself.requests[-1]["ProviderDetails"] == expected
    assert not provider(**saml, provider_details=details)["changed"]


def test_a_provider_keeps_its_type(provider):
    provider(**GOOGLE)
    refused = provider(**{**GOOGLE, "provider_type": "OIDC"})
    assert "provider_type can't be changed once it is made. Delete this provider first." in refused["msg"]
