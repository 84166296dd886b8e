"""cognito_identity_pool, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table

POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_{}"
IAM = "arn:aws:iam::123456789012:{}"
TOKEN = {"Type": "Token", "AmbiguousRoleResolution": "Deny"}
CLIENT = "CognitoIdentityProviders.0.{}"


def before(account):
    for name in ("a", "lab-igv2", "z"):
        account.identity.create_identity_pool({"IdentityPoolName": name, "AllowUnauthenticatedIdentities": True})


def mapping(answer):
    return {"graph": {**TOKEN, "AmbiguousRoleResolution": answer}}


TABLES = [
    Table(
        module="cognito_identity_pool",
        kind="IdentityPool",
        before=before,
        asked={
            "name": "lab-igv",
            "cognito_identity_providers": [
                {"client_id": "1h57kf5cpq17m0eml12EXAMPLE", "provider_name": POOL.format("a")}
            ],
        },
        acts=frozenset({"identity_pool_id"}),  # which one is meant, where that is known
        identity=frozenset({"name"}),
        fixed={"developer_provider_name": ("other", "developer_provider_name can't be changed once it is set.")},
        rows={
            "allow_unauthenticated_identities": Row(False, True, "AllowUnauthenticatedIdentities"),
            "allow_classic_flow": Row(True, False, "AllowClassicFlow"),
            "cognito_identity_providers.client_id": Row("1abc", "2abc", CLIENT.format("ClientId")),
            "cognito_identity_providers.provider_name": Row(
                POOL.format("a"), POOL.format("b"), CLIENT.format("ProviderName")
            ),
            "cognito_identity_providers.server_side_token_check": Row(
                True, False, CLIENT.format("ServerSideTokenCheck")
            ),
            "supported_login_providers": Row(
                {"graph": "1"}, {"graph": "2"}, "SupportedLoginProviders.graph", lambda given: given["graph"]
            ),
            "open_id_connect_provider_arns": Row(
                [IAM.format("oidc-provider/a")], [IAM.format("oidc-provider/b")], "OpenIdConnectProviderARNs"
            ),
            "saml_provider_arns": Row(
                [IAM.format("saml-provider/a")], [IAM.format("saml-provider/b")], "SamlProviderARNs"
            ),
            "roles.authenticated": Row(IAM.format("role/one"), IAM.format("role/two"), "Roles.authenticated"),
            "roles.unauthenticated": Row(IAM.format("role/one"), IAM.format("role/two"), "Roles.unauthenticated"),
            "role_mappings": Row(
                mapping("Deny"), mapping("AuthenticatedRole"), "RoleMappings.graph", lambda given: given["graph"]
            ),
            "tags": Row({"project": "lab"}, {"project": "other"}, "tags"),
        },
        update="UpdateIdentityPool",
        theirs={"DeveloperProviderName": "login.lab"},
        apart=frozenset({"IdentityPoolId", "IdentityPoolName", "IdentityPoolTags"}),
    )
]
