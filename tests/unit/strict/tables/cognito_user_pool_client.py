"""cognito_user_pool_client, option by option."""

from __future__ import annotations

from tests.unit.strict.table import Row, Table

POOL, OTHER = "us-east-1_mine", "us-east-1_other"
HERE, THERE = "https://lab.example.org/{}", "https://other.example.org/{}"


def before(account):
    for pool_id in (POOL, OTHER):
        account.cognito.put_pool(pool_id, PoolName=pool_id)
        for name in ("lab-viewer2", "lab-viewer") if pool_id == OTHER else ("a", "z"):
            account.cognito.create_user_pool_client({"UserPoolId": pool_id, "ClientName": name})
    details = {"client_id": "c", "client_secret": "s", "authorize_scopes": "openid"}
    google = {"ProviderName": "Google", "ProviderType": "Google", "ProviderDetails": details}
    account.cognito.create_identity_provider({"UserPoolId": POOL, **google})


TABLES = [
    Table(
        module="cognito_user_pool_client",
        kind="UserPoolClient",
        before=before,
        asked={"user_pool_id": POOL, "name": "lab-viewer", "generate_secret": True},
        identity=frozenset({"user_pool_id", "name"}),
        fixed={
            "generate_secret": (False, "generate_secret can't be changed once it is made. Make a client of another")
        },
        rows={
            "allowed_oauth_flows_user_pool_client": Row(True, False, "AllowedOAuthFlowsUserPoolClient"),
            "allowed_oauth_flows": Row(["code"], ["code", "implicit"], "AllowedOAuthFlows"),
            "allowed_oauth_scopes": Row(["openid", "email"], ["openid"], "AllowedOAuthScopes"),
            "callback_urls": Row([HERE.format("back")], [THERE.format("back")], "CallbackURLs"),
            "logout_urls": Row([HERE.format("out")], [], "LogoutURLs"),
            "supported_identity_providers": Row(["COGNITO", "Google"], ["Google"], "SupportedIdentityProviders"),
            "explicit_auth_flows": Row(
                ["ALLOW_REFRESH_TOKEN_AUTH"],
                ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"],
                "ExplicitAuthFlows",
            ),
            "access_token_validity": Row(12, 20, "AccessTokenValidity"),
            "id_token_validity": Row(12, 20, "IdTokenValidity"),
            "refresh_token_validity": Row(24, 48, "RefreshTokenValidity"),
            "token_validity_units.access_token": Row("minutes", "hours", "TokenValidityUnits.AccessToken"),
            "token_validity_units.id_token": Row("minutes", "hours", "TokenValidityUnits.IdToken"),
            "token_validity_units.refresh_token": Row("hours", "days", "TokenValidityUnits.RefreshToken"),
            "prevent_user_existence_errors": Row("ENABLED", "LEGACY", "PreventUserExistenceErrors"),
            "default_redirect_uri": Row(HERE.format("back"), HERE.format("other"), "DefaultRedirectURI"),
            "read_attributes": Row(["email"], ["email", "name"], "ReadAttributes"),
            "write_attributes": Row(["name"], ["email"], "WriteAttributes"),
            "refresh_token_rotation.feature": Row("ENABLED", "DISABLED", "RefreshTokenRotation.Feature"),
            "refresh_token_rotation.retry_grace_period_seconds": Row(
                10, 20, "RefreshTokenRotation.RetryGracePeriodSeconds"
            ),
            "auth_session_validity": Row(5, 3, "AuthSessionValidity"),
            "enable_propagate_additional_user_context_data": Row(
                True, False, "EnablePropagateAdditionalUserContextData"
            ),
            "enable_token_revocation": Row(True, False, "EnableTokenRevocation"),
        },
        update="UpdateUserPoolClient",
        theirs={
            "AnalyticsConfiguration": {"ApplicationArn": "arn:aws:mobiletargeting:us-east-1:123456789012:apps/1"},
        },
    )
]
