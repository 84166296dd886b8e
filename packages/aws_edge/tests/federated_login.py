"""A user pool with Google as a provider, and somebody who signs in with it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from aws_edge.http.messages import Reply
from fake_google import CLIENT_ID, CLIENT_SECRET, ISSUER, SUB
from hosted_login import Browser, Pool, authorize

MAPPING = {"username": "sub", "email": "email", "email_verified": "email_verified", "name": "name"}
DETAILS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "authorize_scopes": "openid email profile"}


def make_provider(pool: Pool, **changes) -> None:
    settings = {"ProviderDetails": DETAILS, "AttributeMapping": MAPPING, **changes}
    pool.cognito.create_identity_provider(UserPoolId=pool.id, ProviderName="Google", ProviderType="Google", **settings)


def let(pool: Pool, *providers: str) -> None:
    """Make these the providers of the app client."""
    kept = ("ClientId", "AllowedOAuthFlows", "AllowedOAuthFlowsUserPoolClient", "AllowedOAuthScopes")
    settings = {name: pool.client[name] for name in (*kept, "CallbackURLs", "LogoutURLs")}
    pool.cognito.update_user_pool_client(UserPoolId=pool.id, SupportedIdentityProviders=list(providers), **settings)


def to_google(browser: Browser, pool: Pool, **changes: str | None) -> tuple[Reply, dict[str, str]]:
    reply = browser.send(authorize(pool.client["ClientId"], identity_provider="Google", **changes))
    assert reply.header("location").startswith(f"{ISSUER}/auth?"), reply
    return reply, dict(parse_qsl(urlsplit(reply.header("location")).query))


def come_back(browser: Browser, **query: str) -> Reply:
    return browser.send(f"/oauth2/idpresponse?{urlencode(query)}")


def sign_in(browser: Browser, pool: Pool) -> Reply:
    _reply, query = to_google(browser, pool)
    return come_back(browser, code="of-google", state=query["state"])


def user(pool: Pool) -> dict:
    found = pool.cognito.admin_get_user(UserPoolId=pool.id, Username=f"Google_{SUB}")
    return {**found, **{each["Name"]: each["Value"] for each in found["UserAttributes"]}}
