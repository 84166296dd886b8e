"""cognito_identity_provider, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table, as_text

POOL = "us-east-1_mine"
ELSEWHERE = "https://{}.example.org/{}"


def before(account):
    account.cognito.put_pool(POOL, PoolName="lab")
    details = {"MetadataURL": "https://theirs.example.org/metadata"}
    theirs = {"UserPoolId": POOL, "ProviderName": "theirs", "ProviderType": "SAML", "ProviderDetails": details}
    account.cognito.create_identity_provider(theirs)


def detail(name, first, second, told=lambda value: value, spelling=None):
    return {f"provider_details.{name}": Row(first, second, f"ProviderDetails.{spelling or name}", told)}


def address(name):
    return detail(name, ELSEWHERE.format("old", name), ELSEWHERE.format("new", name))


def switch(name, spelling):
    return detail(name, True, False, as_text, spelling)


def table(kind, name, details, rows, **more):
    return Table(
        module="cognito_identity_provider",
        use=kind if "use" not in more else more.pop("use"),
        kind="IdentityProvider",
        before=before,
        asked={"user_pool_id": POOL, "provider_name": name, "provider_type": kind, "provider_details": details},
        identity=frozenset({"user_pool_id", "provider_name"}),
        rows=rows,
        **more,
    )


PERSON = {"client_id": "1.apps.example", "client_secret": "first-secret", "authorize_scopes": "openid"}
CLIENT = {
    **detail("client_id", "1.apps.example", "2.apps.example"),
    **detail("client_secret", "first-secret", "second-secret"),
    **detail("authorize_scopes", "openid email", "openid"),
}
MAPPING = Row({"email": "email"}, {"email": "mail"}, "AttributeMapping.email", lambda mapping: mapping["email"])
APPLE = {"client_id": "org.example", "team_id": "T", "key_id": "K", "private_key": "MIGT", "authorize_scopes": "email"}

TABLES = [
    table(
        "Google",
        "Google",
        PERSON,
        {**CLIENT, "attribute_mapping": MAPPING, "idp_identifiers": Row(["a.org"], ["b.org"], "IdpIdentifiers")},
        fixed={
            "provider_type": ("OIDC", "provider_type can't be changed once it is made. Delete this provider first.")
        },
        update="UpdateIdentityProvider",
        apart=frozenset({"AttributeMapping.username"}),
        theirs={"AttributeMapping.name": "name"},
    ),
    table("Facebook", "Facebook", {**PERSON, "api_version": "v17.0"}, detail("api_version", "v17.0", "v18.0")),
    table(
        "OIDC",
        "university",
        {**PERSON, "oidc_issuer": "https://old.example.org", "attributes_request_method": "GET"},
        {
            **detail("oidc_issuer", "https://old.example.org", "https://new.example.org"),
            **detail("attributes_request_method", "GET", "POST"),
            **address("attributes_url"),
            **address("authorize_url"),
            **address("token_url"),
            **address("jwks_uri"),
        },
    ),
    table(
        "SAML",
        "university",
        {"metadata_url": ELSEWHERE.format("old", "metadata")},
        {
            **detail(
                "metadata_url",
                ELSEWHERE.format("old", "metadata"),
                ELSEWHERE.format("new", "metadata"),
                spelling="MetadataURL",
            ),
            **switch("idp_init", "IDPInit"),
            **switch("idp_signout", "IDPSignout"),
            **switch("encrypted_responses", "EncryptedResponses"),
            **detail("request_signing_algorithm", "rsa-sha256", "none", spelling="RequestSigningAlgorithm"),
        },
    ),
    table(
        "SAML",
        "university",
        {"metadata_file": "<old/>"},
        detail("metadata_file", "<old/>", "<new/>", spelling="MetadataFile"),
        use="SAML file",
    ),
    table(
        "SignInWithApple",
        "SignInWithApple",
        APPLE,
        {**detail("team_id", "T", "U"), **detail("key_id", "K", "L")},
        acts=frozenset({"provider_details.private_key"}),  # AWS does not tell it; it goes along with each update
    ),
]
