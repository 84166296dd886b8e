# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site as a visitor meets it who has not signed in. PRIVATE."""

from __future__ import annotations

import re
import secrets
import urllib.parse
from collections.abc import Iterable

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import http as web
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.http import Answer
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import find as user_pool


def spellings(name: str) -> tuple[str, ...]:
    """What nginx would make /<name> of, and a rule of the load balancer would not."""
    hidden = f"%{ord(name[0]):x}{name[1:]}"
    return (f"//{name}", f"/{hidden}", f"/assets/../{name}", f"/assets/%2e%2e/{name}", f"/./{name}")


SESSION_SPELLINGS = spellings("session")
SETTINGS = ("/settings.json", *spellings("settings.json"))
FORGED = {
    "x-amzn-oidc-identity": "verify",
    "x-amzn-oidc-accesstoken": "e30.e30.e30",
    # {"alg": "none"} and {"sub": "verify", "email": "verify@example.org"}
    "x-amzn-oidc-data": "eyJhbGciOiAibm9uZSJ9.eyJzdWIiOiAidmVyaWZ5IiwgImVtYWlsIjogInZlcmlmeUBleGFtcGxlLm9yZyJ9.",
}
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": ""}
SIGNED_OUT = "Run site.yml; see the lines listener-default, listener-session and listener-public."


def data_cookies(answer: Answer) -> list[str]:
    return [cookie.partition("=")[0] for cookie in answer.cookies if cookie.startswith("CloudFront-")]


def check_status(answer: Answer, path: str, statuses: Iterable[int] = ()) -> Reasons:
    """What is wrong with an answer to somebody who has not signed in."""
    if data_cookies(answer):
        yield f"{path} hands out {join(data_cookies(answer))}"
    elif statuses and answer.status not in statuses:
        yield f"{path} answers {answer.status}"


def site(context: Context, path: str) -> str:
    return f"https://{context.inputs['site_domain']}{path}"


def shell(context: Context) -> Reasons:
    answer = context.aws.once("shell", lambda: web.ask(site(context, "/")))
    yield from check_status(answer, "/", (200,))
    for path in (
        [".", *re.findall(r"""(?:src|href)="\./([\w./-]+\.js)\"""", answer.body)] if answer.status == 200 else []
    ):
        body = answer.body if path == "." else web.ask(site(context, f"/{path}")).body
        if context.inputs["data_bucket"] in body:
            yield f"/{path.lstrip('.')} names the bucket {context.inputs['data_bucket']}"


def login(context: Context) -> Reasons:
    answer = web.ask(site(context, "/login"))
    yield from check_status(answer, "/login", (302,))
    yield from login_address(
        answer.header("Location"),
        context.inputs["login_domain"],
        user_pool.app_client(context)["ClientId"],
        site(context, ""),
    )


def login_address(location: str, domain: str, client: str, own: str) -> Reasons:
    """What is wrong with the address of the login that a visitor is sent to."""
    to = urllib.parse.urlsplit(location)
    if (to.scheme, to.netloc, to.path) != ("https", domain, "/oauth2/authorize"):
        yield f"it leads to {location.partition('?')[0] or 'nowhere'}, not to https://{domain}/oauth2/authorize"
        return
    said = urllib.parse.parse_qs(to.query)
    wanted = {"client_id": client, "redirect_uri": f"{own}/oauth2/idpresponse", "response_type": "code"}
    for name, value in wanted.items():
        if said.get(name) != [value]:
            yield f"it asks the login with {name} {join(said.get(name, ['missing']))}, not {value}"
    if not said.get("state"):
        yield "it asks the login without a state"


def session_requires_login(context: Context) -> Reasons:
    for path in context.inputs["deny_paths"]:
        yield from check_status(web.ask(site(context, path)), path, (401,))


def path_confusion(context: Context) -> Reasons:
    for path in SESSION_SPELLINGS:
        yield from check_status(web.ask(site(context, path)), path, range(300, 600))


def settings(context: Context) -> Reasons:
    for path in SETTINGS:
        for headers in ({}, FORGED):
            yield from check_status(web.ask(site(context, path), headers), path, range(300, 600))


def forged_identity(context: Context) -> Reasons:
    for path in ("/session", "/login", "/", *SESSION_SPELLINGS):
        yield from check_status(web.ask(site(context, path), FORGED), path)


def unknown_path(context: Context) -> Reasons:
    path = f"/verify-{secrets.token_hex(4)}"
    answer = web.ask(site(context, path))
    yield from check_status(answer, "a path that nobody knows", (302,))
    to = urllib.parse.urlsplit(answer.header("Location")).netloc
    if answer.status == 302 and to != context.inputs["login_domain"]:
        yield f"a path that nobody knows leads to {to}"


def headers_missing(answer: Answer, least_age: int) -> Reasons:
    age = re.search(r"max-age=(\d+)", answer.header("Strict-Transport-Security"))
    if not age or int(age[1]) < least_age:
        yield f"Strict-Transport-Security is {answer.header('Strict-Transport-Security') or 'missing'}"
    for name, wanted in HEADERS.items():
        held = answer.header(name)
        if not held or (wanted and held != wanted):
            yield f"{name} is {held or 'missing'}"
    if re.search(r"\d", answer.header("Server")):
        yield f"Server tells a version: {answer.header('Server')}"


def headers(context: Context) -> Reasons:
    answer = context.aws.once("shell", lambda: web.ask(site(context, "/")))
    yield from headers_missing(answer, context.inputs["min_hsts_max_age"])


PART = "The site, without a sign-in"
CHECKS = (
    Check(
        "shell",
        shell,
        claim="https://{site_domain}/ is the viewer's program and says nothing of the data.",
        how=(
            "One request without a sign-in, and those for the scripts that the page names; the bucket's "
            "name is looked for"
        ),
        todo="See the line targets; then run site.yml, which builds the viewer anew.",
        needs=("site-certificate",),
        settles=True,
    ),
    Check(
        "site-headers",
        headers,
        claim="Its answers tell browsers to come back by TLS only, to guess no types, and to tell others no addresses.",
        how="The headers of https://{site_domain}/",
        todo="Run site.yml: it writes nginx's configuration anew.",
        needs=("shell",),
    ),
    Check(
        "login",
        login,
        claim="/login leads to the login at {login_domain}, for this site's app client, and back here.",
        how="One request, redirect not followed",
        todo=SIGNED_OUT,
        needs=("site-certificate",),
        settles=True,
    ),
    Check(
        "session-closed",
        session_requires_login,
        claim="{deny_paths} answers 401 to who is not signed in, and hands out no cookie for the data.",
        how="One request for each, without a sign-in",
        todo=SIGNED_OUT,
        needs=("site-certificate",),
        settles=True,
    ),
    Check(
        "session-disguised",
        path_confusion,
        claim="Nor does it hand one out under another spelling of that path.",
        how=f"Requests for {join(SESSION_SPELLINGS)}, sent as they stand",
        todo=SIGNED_OUT,
        needs=("site-certificate",),
    ),
    Check(
        "identity-forged",
        forged_identity,
        claim="Nor to who writes the load balancer's identity headers himself.",
        how=f"The same requests with {join(FORGED)}",
        todo=SIGNED_OUT + " Until it is right, cookies may be handed out to anybody.",
        needs=("site-certificate",),
    ),
    Check(
        "settings-closed",
        settings,
        claim="What is set for the viewer, which may name data, is not public.",
        how=f"Requests for {join(SETTINGS)}, without a sign-in and with the headers above",
        todo=SIGNED_OUT,
        needs=("site-certificate",),
    ),
    Check(
        "path-unknown",
        unknown_path,
        claim="A path that no rule is for asks for the login.",
        how="One request for a path that nobody knows",
        todo=SIGNED_OUT,
        needs=("site-certificate",),
        settles=True,
    ),
)
