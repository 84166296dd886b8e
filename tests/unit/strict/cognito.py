"""Cognito: updates that reset what they leave out, refusals, descriptions that say some things twice.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-updating.html
"""

from __future__ import annotations

import copy
import datetime
from typing import Any

from botocore import xform_name

from tests.unit.strict.models import Refusal

EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
KINDS = ("Lowercase", "Uppercase", "Numbers", "Symbols")
# What AWS gives a pool that nobody configured, at creation and at each update that leaves it out.
POLICY = {"MinimumLength": 8, **{f"Require{kind}": True for kind in KINDS}, "TemporaryPasswordValidityDays": 7}
POOL = {
    "Policies": {"PasswordPolicy": POLICY},
    "DeletionProtection": "INACTIVE",
    "LambdaConfig": {},
    "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []},
    "MfaConfiguration": "OFF",
    "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
    "AdminCreateUserConfig": {},
    "UserPoolTier": "ESSENTIALS",
    "AccountRecoverySetting": {
        "RecoveryMechanisms": [
            {"Priority": 1, "Name": "verified_email"},
            {"Priority": 2, "Name": "verified_phone_number"},
        ]
    },
}
GAPS = {**{f"Require{kind}": False for kind in KINDS}, "MinimumLength": 6, "TemporaryPasswordValidityDays": 7}
FACTORS = ("SoftwareTokenMfaConfiguration", "EmailMfaConfiguration", "WebAuthnConfiguration")  # other operations' own
SETTLED = ("PoolName", "UsernameAttributes", "AliasAttributes", "UsernameConfiguration", "Schema", *FACTORS)
TWINS = {
    "SmsMessage": "SmsVerificationMessage",
    "EmailMessage": "EmailVerificationMessage",
    "EmailSubject": "EmailVerificationSubject",
}
CLIENT = {
    "RefreshTokenValidity": 30,
    "TokenValidityUnits": {},
    "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"],
    "AllowedOAuthFlowsUserPoolClient": False,
    "PreventUserExistenceErrors": "LEGACY",
    "EnableTokenRevocation": True,
    "EnablePropagateAdditionalUserContextData": False,
    "AuthSessionValidity": 3,
}
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
LIVES = {"Access": ("hours", 300, 86400), "Id": ("hours", 300, 86400), "Refresh": ("days", 3600, 315360000)}
GOOGLE = {
    "attributes_url": "https://people.googleapis.com/v1/people/me?personFields=",
    "attributes_url_add_attributes": "true",
    "authorize_url": "https://accounts.google.com/o/oauth2/v2/auth",
    "oidc_issuer": "https://accounts.google.com",
    "token_request_method": "POST",
    "token_url": "https://www.googleapis.com/oauth2/v4/token",
}
METADATA = {"ActiveEncryptionCertificate": "MIIC", "SSORedirectBindingURI": "https://idp.example.org/sso"}
ADDED = {"Google": GOOGLE, "SAML": METADATA, "OIDC": {"attributes_url_add_attributes": "false"}}
EDGE = "d111111abcdef8.cloudfront.net"
NEEDED = {
    "Google": {"client_id", "client_secret", "authorize_scopes"},
    "OIDC": {"client_id", "authorize_scopes", "attributes_request_method", "oidc_issuer"},
    "SignInWithApple": {"client_id", "team_id", "key_id", "authorize_scopes"},
}


class Cognito:
    def __init__(self, account: Any) -> None:
        self.account = account

    def held(self, kind: str) -> dict[str, dict[str, Any]]:
        return self.account.held[kind]

    def put(self, kind: str, key: str, config: dict[str, Any], **more: Any) -> None:
        self.held(kind)[key] = copy.deepcopy({"config": config, "tags": {}, **more})

    def put_pool(self, pool_id: str, **config: Any) -> None:
        tags = config.pop("UserPoolTags", {})
        self.put("UserPool", pool_id, pool_of(config, {}), tags=tags)

    def answer(self, model: Any, request: dict[str, Any]) -> dict[str, Any] | None:
        if "UserPoolId" in request:
            self.config("UserPool", request["UserPoolId"])
        answer = getattr(self, xform_name(model.name))(request)
        return answer and {key: fitting(value, model.output_shape.members[key]) for key, value in answer.items()}

    def config(self, kind: str, key: str) -> dict[str, Any]:
        if key not in self.held(kind):
            code = "UserNotFoundException" if kind == "User" else "ResourceNotFoundException"
            raise Refusal(code, f"{kind} {key} does not exist.")
        return self.held(kind)[key]["config"]

    def listed(self, key: str, items: list[Any], request: dict[str, Any], name: str = "NextToken") -> dict[str, Any]:
        page, token = self.account.page(items, request.get(name))
        return {key: page, **({name: token} if token else {})}

    # Pools

    def list_user_pools(self, request: dict) -> dict:
        pools = [{"Id": key, "Name": held["config"]["PoolName"]} for key, held in self.held("UserPool").items()]
        return self.listed("UserPools", pools, request)

    def create_user_pool(self, request: dict) -> dict:
        judge_sign_in(request)
        pool_id = f"us-east-1_{self.account.number():09}"
        self.put_pool(pool_id, **request)
        return {"UserPool": self.described(pool_id)}

    def describe_user_pool(self, request: dict) -> dict:
        return {"UserPool": self.described(request["UserPoolId"])}

    def described(self, pool_id: str) -> dict:
        config, domains = self.held("UserPool")[pool_id]["config"], self.held("Domain").values()
        told = {key: value for key, value in config.items() if value != []}
        facts = {"Id": pool_id, "Arn": arn(pool_id), "Name": config["PoolName"], "SchemaAttributes": schema_of(config)}
        facts |= {"CreationDate": EPOCH, "LastModifiedDate": EPOCH, "EstimatedNumberOfUsers": 0}
        for domain in (held["config"] for held in domains if held["config"]["UserPoolId"] == pool_id):
            facts["CustomDomain" if "." in domain["Domain"] else "Domain"] = domain["Domain"]
        return {**told, **facts, "UserPoolTags": self.held("UserPool")[pool_id]["tags"]}

    def update_user_pool(self, request: dict) -> None:
        held = self.held("UserPool")[request.pop("UserPoolId")]
        held["tags"] = retagged(held["tags"], request.pop("UserPoolTags", {}))
        judge_sign_in(request)
        held["config"] = pool_of(request, {key: held["config"][key] for key in SETTLED if key in held["config"]})

    def delete_user_pool(self, request: dict) -> None:
        pool_id = request["UserPoolId"]
        if self.config("UserPool", pool_id)["DeletionProtection"] == "ACTIVE":
            raise Refusal(
                "InvalidParameterException", "The user pool cannot be deleted: deletion protection is active."
            )
        if any(held["config"]["UserPoolId"] == pool_id for held in self.held("Domain").values()):
            raise Refusal("InvalidParameterException", "User pool cannot be deleted. It has a domain configured.")
        del self.held("UserPool")[pool_id]
        for kind in ("UserPoolClient", "IdentityProvider", "User"):
            gone = [key for key, held in self.held(kind).items() if held["config"]["UserPoolId"] == pool_id]
            for key in gone:
                del self.held(kind)[key]

    def get_user_pool_mfa_config(self, request: dict) -> dict:
        config = self.config("UserPool", request["UserPoolId"])
        sms = {"SmsConfiguration": config["SmsConfiguration"]} if "SmsConfiguration" in config else {}
        if "SmsAuthenticationMessage" in config:
            sms["SmsAuthenticationMessage"] = config["SmsAuthenticationMessage"]
        told = {key: config[key] for key in ("MfaConfiguration", *FACTORS) if key in config}
        return {**told, **({"SmsMfaConfiguration": sms} if sms else {})}

    def set_user_pool_mfa_config(self, request: dict) -> dict:
        config = self.config("UserPool", request["UserPoolId"])
        judge_change_of_factors(config, request)
        changed = {key: request[key] for key in FACTORS if key in request} | request.get("SmsMfaConfiguration", {})
        kept = {key: value for key, value in config.items() if key not in FACTORS}
        whole = {**kept, **changed, "MfaConfiguration": request.get("MfaConfiguration", "OFF")}
        judge_factors(whole)
        config.clear()
        config.update(whole)
        return self.get_user_pool_mfa_config(request)

    def add_custom_attributes(self, request: dict) -> dict:
        config = self.config("UserPool", request["UserPoolId"])
        held = {each["Name"] for each in config.get("Schema", [])}
        if held & {each["Name"] for each in request["CustomAttributes"]}:
            raise Refusal("InvalidParameterException", "custom attribute: Existing attribute already has the name.")
        config["Schema"] = [*config.get("Schema", []), *request["CustomAttributes"]]
        return {}

    def tag_resource(self, request: dict) -> dict:
        refuse_tags_of_aws(request["Tags"])
        self.tags(request).update(request["Tags"])
        return {}

    def untag_resource(self, request: dict) -> dict:
        for key in request["TagKeys"]:
            self.tags(request).pop(key, None)
        return {}

    def tags(self, request: dict) -> dict[str, str]:
        pool_id = request["ResourceArn"].rpartition("/")[2]
        self.config("UserPool", pool_id)
        return self.held("UserPool")[pool_id]["tags"]

    # Domains

    def describe_user_pool_domain(self, request: dict) -> dict:
        held = self.held("Domain").get(request["Domain"])
        facts = {"Status": "ACTIVE", "Version": "20260101"} | ({"CloudFrontDistribution": EDGE} if custom(held) else {})
        return {"DomainDescription": {**held["config"], **facts} if held else {}}

    def create_user_pool_domain(self, request: dict) -> dict:
        held = self.held("Domain")
        if request["Domain"] in held:
            raise Refusal("InvalidParameterException", "Domain already associated with another user pool.")
        kinds = {"." in key for key, each in held.items() if each["config"]["UserPoolId"] == request["UserPoolId"]}
        if "." in request["Domain"] in kinds:
            raise Refusal("InvalidParameterException", "This user pool already has a domain configured.")
        if ("." in request["Domain"]) != ("CustomDomainConfig" in request):
            raise Refusal("InvalidParameterException", "A custom domain needs a certificate, and only that does.")
        self.put("Domain", request["Domain"], {"ManagedLoginVersion": 1, **request})
        return {"CloudFrontDomain": EDGE} if "." in request["Domain"] else {}

    def update_user_pool_domain(self, request: dict) -> dict:
        self.own_domain(request)
        self.put("Domain", request["Domain"], {"ManagedLoginVersion": 1, **request})
        return {}

    def delete_user_pool_domain(self, request: dict) -> dict:
        self.own_domain(request)
        del self.held("Domain")[request["Domain"]]
        return {}

    def own_domain(self, request: dict) -> None:
        if self.config("Domain", request["Domain"])["UserPoolId"] != request["UserPoolId"]:
            raise Refusal("ResourceNotFoundException", "No such domain in this pool.")

    # App clients

    def list_user_pool_clients(self, request: dict) -> dict:
        held = {key: each["config"] for key, each in self.held("UserPoolClient").items()}
        mine = [
            {"ClientId": key, "ClientName": config["ClientName"], "UserPoolId": config["UserPoolId"]}
            for key, config in held.items()
            if config["UserPoolId"] == request["UserPoolId"]
        ]
        return self.listed("UserPoolClients", mine, request)

    def create_user_pool_client(self, request: dict) -> dict:
        client_id = f"client{self.account.number():020}"
        secret = {"ClientSecret": f"secret-of-{client_id}"} if request.pop("GenerateSecret", False) else {}
        self.judge_client(request)
        self.put("UserPoolClient", client_id, {**CLIENT, **request, **secret})
        return self.describe_user_pool_client({**request, "ClientId": client_id})

    def describe_user_pool_client(self, request: dict) -> dict:
        config = self.own_client(request)
        told = {key: value for key, value in config.items() if value != []}
        dates = {"CreationDate": EPOCH, "LastModifiedDate": EPOCH}
        return {"UserPoolClient": {**told, **dates, "ClientId": request["ClientId"]}}

    def update_user_pool_client(self, request: dict) -> dict:
        held, client_id = self.own_client(request), request.pop("ClientId")
        self.judge_client(request)
        kept = {key: held[key] for key in ("ClientName", "ClientSecret") if key in held}
        self.held("UserPoolClient")[client_id]["config"] = {**kept, **CLIENT, **request}
        return self.describe_user_pool_client({**request, "ClientId": client_id})

    def delete_user_pool_client(self, request: dict) -> None:
        self.own_client(request)
        del self.held("UserPoolClient")[request["ClientId"]]

    def own_client(self, request: dict) -> dict:
        config = self.config("UserPoolClient", request["ClientId"])
        if config["UserPoolId"] != request["UserPoolId"]:
            raise Refusal("ResourceNotFoundException", "No such client in this pool.")
        return config

    def judge_client(self, request: dict) -> None:
        names = {each["config"]["ProviderName"] for each in self.of_pool("IdentityProvider", request["UserPoolId"])}
        unknown = set(request.get("SupportedIdentityProviders", [])) - {"COGNITO", *names}
        if unknown:
            raise Refusal("InvalidParameterException", f"The provider {unknown.pop()} does not exist for User Pool.")
        flows = request.get("AllowedOAuthFlows", [])
        if flows and not request.get("AllowedOAuthScopes"):
            raise Refusal("InvalidOAuthFlowException", "AllowedOAuthFlows and AllowedOAuthScopes are required.")
        if {"code", "implicit"} & set(flows) and not request.get("CallbackURLs"):
            raise Refusal("InvalidOAuthFlowException", "code and implicit flows need callback URLs.")
        for token, (usual, least, most) in LIVES.items():
            unit = SECONDS[request.get("TokenValidityUnits", {}).get(f"{token}Token", usual)]
            if not least <= request.get(f"{token}TokenValidity", least / unit) * unit <= most:
                raise Refusal("InvalidParameterException", f"Invalid range for {token.lower()} token validity.")

    def of_pool(self, kind: str, pool_id: str) -> list[dict[str, Any]]:
        return [held for held in self.held(kind).values() if held["config"]["UserPoolId"] == pool_id]

    # Identity providers

    def create_identity_provider(self, request: dict) -> dict:
        if key_of(request) in self.held("IdentityProvider"):
            raise Refusal("DuplicateProviderException", "A provider with this name exists.")
        judge_details(request["ProviderType"], request["ProviderDetails"])
        if request["ProviderType"] == "SignInWithApple" and "private_key" not in request["ProviderDetails"]:
            raise Refusal("InvalidParameterException", "private_key is required.")
        added = {
            "ProviderDetails": {**ADDED.get(request["ProviderType"], {}), **request["ProviderDetails"]},
            "AttributeMapping": {"username": "sub", **request.get("AttributeMapping", {})},
        }
        self.put("IdentityProvider", key_of(request), {"IdpIdentifiers": [], **request, **added})
        return self.describe_identity_provider(request)

    def describe_identity_provider(self, request: dict) -> dict:
        config = self.config("IdentityProvider", key_of(request))
        told = {key: value for key, value in config["ProviderDetails"].items() if key != "private_key"}
        dates = {"CreationDate": EPOCH, "LastModifiedDate": EPOCH}
        return {"IdentityProvider": {**config, **dates, "ProviderDetails": told}}

    def update_identity_provider(self, request: dict) -> dict:
        config = self.config("IdentityProvider", key_of(request))
        if "ProviderDetails" in request:
            judge_details(config["ProviderType"], request["ProviderDetails"])
            secret = {key: value for key, value in config["ProviderDetails"].items() if key == "private_key"}
            added = ADDED.get(config["ProviderType"], {})
            request["ProviderDetails"] = {**added, **secret, **request["ProviderDetails"]}
        config.update(request)
        return self.describe_identity_provider(request)

    def delete_identity_provider(self, request: dict) -> None:
        self.config("IdentityProvider", key_of(request))
        del self.held("IdentityProvider")[key_of(request)]

    # Users

    def admin_create_user(self, request: dict) -> dict:
        held, key = self.held("User"), self.user_key(request)
        if request.get("MessageAction") == "RESEND":
            if self.config("User", key)["UserStatus"] != "FORCE_CHANGE_PASSWORD":
                raise Refusal("UnsupportedUserStateException", "User is not in an invited state.")
        elif key in held:
            raise Refusal("UsernameExistsException", "User account already exists")
        else:
            attributes = {"sub": f"sub-of-{request['Username']}", **given(request)}
            told = {"UserPoolId": request["UserPoolId"], "Username": request["Username"], "Attributes": attributes}
            self.put("User", key, {**told, "Enabled": True, "UserStatus": "FORCE_CHANGE_PASSWORD", "Invitations": 0})
        held[key]["config"]["Invitations"] += request.get("MessageAction") != "SUPPRESS"
        return {"User": user_of(held[key]["config"], "Attributes")}

    def admin_get_user(self, request: dict) -> dict:
        return user_of(self.config("User", self.user_key(request)), "UserAttributes")

    def admin_update_user_attributes(self, request: dict) -> dict:
        self.config("User", self.user_key(request))["Attributes"] |= given(request)
        return {}

    def admin_enable_user(self, request: dict) -> dict:
        self.config("User", self.user_key(request))["Enabled"] = True
        return {}

    def admin_disable_user(self, request: dict) -> dict:
        self.config("User", self.user_key(request))["Enabled"] = False
        return {}

    def admin_user_global_sign_out(self, request: dict) -> dict:
        self.config("User", self.user_key(request))
        return {}

    def admin_delete_user(self, request: dict) -> None:
        self.config("User", self.user_key(request))
        del self.held("User")[self.user_key(request)]

    def user_key(self, request: dict) -> str:
        return f"{request['UserPoolId']}/{request['Username']}"


def refuse_tags_of_aws(tags: dict[str, str]) -> None:
    if any(key.startswith("aws:") for key in tags):
        raise Refusal("InvalidParameterException", "Tag keys that begin with aws: are reserved for AWS.")


def retagged(held: dict[str, str], asked: dict[str, str]) -> dict[str, str]:
    """The tags after an update: it resets those that are not AWS's."""
    refuse_tags_of_aws(asked)
    return {**{key: value for key, value in held.items() if key.startswith("aws:")}, **asked}


def judge_sign_in(request: dict[str, Any]) -> None:
    if request.get("UserPoolTier") == "LITE" and "SignInPolicy" in request.get("Policies", {}):
        disabled = "The following features need to be disabled for the LITE pricing tier configured: [SIGN_IN_POLICY]"
        raise Refusal("FeatureUnavailableInTierException", disabled)


def pool_of(request: dict[str, Any], settled: dict[str, Any]) -> dict[str, Any]:
    """A pool's configuration: what the request says, the rest as AWS has it by default."""
    policy, invitation = request.get("Policies", {}).get("PasswordPolicy"), request.get("AdminCreateUserConfig", {})
    if "UnusedAccountValidityDays" in invitation and "TemporaryPasswordValidityDays" in (policy or {}):
        raise Refusal("InvalidParameterException", "Please use TemporaryPasswordValidityDays in PasswordPolicy.")
    whole = {**POOL, **settled, **request}
    policy = {**GAPS, **policy} if policy else POLICY
    sign_in = request.get("Policies", {}).get("SignInPolicy", {"AllowedFirstAuthFactors": ["PASSWORD"]})
    whole["Policies"] = {"PasswordPolicy": policy, "SignInPolicy": sign_in}
    days = {"UnusedAccountValidityDays": policy["TemporaryPasswordValidityDays"]}
    whole["AdminCreateUserConfig"] = {"AllowAdminCreateUserOnly": False, **invitation, **days}
    judge_factors(whole)
    return with_twins(whole)


def judge_factors(config: dict[str, Any]) -> None:
    usable = "SmsConfiguration" in config or "EmailMfaConfiguration" in config
    usable = usable or config.get("SoftwareTokenMfaConfiguration", {}).get("Enabled")
    if config["MfaConfiguration"] != "OFF" and not usable:
        raise Refusal("InvalidParameterException", "MFA needs SmsConfiguration or another factor.")


def judge_change_of_factors(config: dict[str, Any], request: dict[str, Any]) -> None:
    off = request.get("MfaConfiguration", "OFF") == "OFF"
    named = {key for key in ("SmsMfaConfiguration", *FACTORS[:2]) if key in request}
    if off and named:
        raise Refusal("InvalidParameterException", "Invalid MFA configuration given, can't turn off MFA and configure.")
    if not off and "SmsConfiguration" in config and "SmsMfaConfiguration" not in request:
        raise Refusal("InvalidParameterException", "Can't turn off SMS_MFA when SMS configuration is set.")


def with_twins(config: dict[str, Any]) -> dict[str, Any]:
    """What AWS says under two names."""
    template, triggers = config["VerificationMessageTemplate"], config["LambdaConfig"]
    for new, old in TWINS.items():
        said = {config.get(old), template.get(new)} - {None}
        if len(said) > 1:
            raise Refusal("InvalidParameterException", f"{old} and VerificationMessageTemplate.{new} differ.")
        for value in said:
            config, template = {**config, old: value}, {**template, new: value}
    token = triggers.get("PreTokenGenerationConfig", {}).get("LambdaArn", triggers.get("PreTokenGeneration"))
    if token:
        if triggers.get("PreTokenGeneration", token) != token:
            raise Refusal("InvalidParameterException", "The two functions for tokens differ.")
        version = {"LambdaVersion": "V1_0", **triggers.get("PreTokenGenerationConfig", {})}
        twins = {"PreTokenGeneration": token, "PreTokenGenerationConfig": {**version, "LambdaArn": token}}
        triggers = {**triggers, **twins}
    return {**config, "VerificationMessageTemplate": template, "LambdaConfig": triggers}


def schema_of(config: dict[str, Any]) -> list[dict[str, Any]]:
    """The attributes as AWS describes them: with its own, and with a prefix before those of others."""
    given = {each["Name"]: each for each in config.get("Schema", [])}
    own = [{"Name": name, "AttributeDataType": "String", "Required": name == "sub"} for name in ("sub", "email")]
    merged = [{**each, **given.pop(each["Name"], {})} for each in own]
    return [*merged, *({**each, "Name": f"custom:{name}", "Required": False} for name, each in given.items())]


def judge_details(kind: str, details: dict[str, str]) -> None:
    if METADATA.keys() & details.keys():
        raise Refusal("InvalidParameterException", "This detail is read-only.")
    missing = NEEDED.get(kind, set()) - details.keys()
    if kind == "SAML" and not {"MetadataURL", "MetadataFile"} & details.keys():
        missing = {"MetadataURL"}
    if missing:
        raise Refusal("InvalidParameterException", f"Missing in ProviderDetails: {sorted(missing)}")


def custom(held: dict[str, Any] | None) -> bool:
    return bool(held) and "CustomDomainConfig" in held["config"]


def given(request: dict[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in request.get("UserAttributes", [])}


def user_of(config: dict[str, Any], key: str) -> dict[str, Any]:
    attributes = [{"Name": name, "Value": value} for name, value in config["Attributes"].items()]
    told = {name: config[name] for name in ("Username", "Enabled", "UserStatus")}
    return {**told, key: attributes}


def key_of(request: dict[str, Any]) -> str:
    return f"{request['UserPoolId']}/{request['ProviderName']}"


def arn(pool_id: str) -> str:
    return f"arn:aws:cognito-idp:us-east-1:123456789012:userpool/{pool_id}"


def fitting(value: Any, shape: Any) -> Any:
    """What an answer's shape has room for."""
    if shape.type_name != "structure":
        return value
    return {key: item for key, item in value.items() if key in shape.members}
