"""Google's sign-in, played by oidc-provider-mock: one registered client, and a few accounts.

Run as `python -m sandbox.google.server`. It stands behind the edge, at https://accounts.google.localhost.
"""

from __future__ import annotations

import pathlib
from urllib.parse import urlencode, urlsplit

import flask
import jinja2
import oidc_provider_mock
import uvicorn
import yaml
from oidc_provider_mock import _storage

from sandbox import settings
from sandbox.google.accounts import PEOPLE

PAGE = pathlib.Path(__file__).with_name("google.html")


def registered() -> _storage.Client:
    """The registered client; its only redirect URI is that of the user pool domain."""
    given = yaml.safe_load(settings.GOOGLE_CLIENT_FILE.read_text())
    return _storage.Client(
        id=given["google_client_id"],
        secret=given["google_client_secret"],
        redirect_uris=[f"https://{settings.LOGIN_DOMAIN}/oauth2/idpresponse"],
        allowed_scopes=["openid", "email", "profile"],
        token_endpoint_auth_method="client_secret_post",  # noqa: S106 (a method's name)
    )


def application(client: _storage.Client) -> flask.Flask:
    """The provider with its client, its accounts and a page to choose one of them."""
    users = [oidc_provider_mock.User(sub=person.sub, claims=person.claims()) for person in PEOPLE]
    app = oidc_provider_mock.app(require_client_registration=True, user_claims=users)
    app.jinja_env.globals["people"] = PEOPLE
    page = jinja2.DictLoader({"authorization_form.html": PAGE.read_text()})
    app.jinja_loader = jinja2.ChoiceLoader([page, app.jinja_loader])
    app.before_request(_reject_unknown_accounts)
    app.after_request(_like_google)
    # The mock's own client registration chooses id and secret.
    with app.test_request_context():
        app.preprocess_request()
        _storage.storage.store_client(client)
    return app


def _reject_unknown_accounts() -> flask.typing.ResponseReturnValue | None:
    # The mock creates an account for any name, and has open endpoints to register clients and to change accounts.
    chosen = flask.request.form.get("sub")
    if chosen is not None and chosen not in [person.sub for person in PEOPLE]:
        return "no such account", 400
    if flask.request.path.startswith(("/users", "/oauth2/clients", "/oidc")):
        return "not Google's", 404
    return None


def _like_google(response: flask.Response) -> flask.Response:
    response.headers["Cache-Control"] = "no-store"
    # Its pages load a style sheet from the internet.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    query, state = urlsplit(response.location or "").query, flask.request.args.get("state")
    # The mock drops `state` on Cancel.
    if "error=" in query and "state=" not in query and state is not None:
        response.location += f"&{urlencode({'state': state})}"
    return response


if __name__ == "__main__":
    uvicorn.run(
        application(registered()),
        interface="wsgi",
        host=settings.LOOPBACK,
        port=settings.GOOGLE_PORT,
        log_level="warning",
        access_log=False,
    )
