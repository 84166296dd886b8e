# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site as a visitor meets it who has not signed in. PRIVATE."""

from __future__ import annotations

import re
import secrets
import urllib.parse
from collections.abc import Iterable

from ansible_collections.bioviewers.aws.plugins.module_utils._checks import http as web
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.http import Answer
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import Check, Sight, Wrong
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment import find as facts


def disguises(name: str) -> tuple[str, ...]:
    """What nginx would make /<name> of, and a rule of the load balancer would not."""
    hidden = f"%{ord(name[0]):x}{name[1:]}"
    return (f"//{name}", f"/{hidden}", f"/assets/../{name}", f"/assets/%2e%2e/{name}", f"/./{name}")


DISGUISES = disguises("session")
SETTINGS = ("/settings.json", *disguises("settings.json"))
FORGED = {
    "x-amzn-oidc-identity": "verify",
    "x-amzn-oidc-accesstoken": "e30.e30.e30",
    # {"alg": "none"} and {"sub": "verify", "email": "verify@example.org"}
    "x-amzn-oidc-data": "eyJhbGciOiAibm9uZSJ9.eyJzdWIiOiAidmVyaWZ5IiwgImVtYWlsIjogInZlcmlmeUBleGFtcGxlLm9yZyJ9.",
}
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": ""}


def data_cookies(answer: Answer) -> list[str]:
    return [cookie.partition("=")[0] for cookie in answer.cookies if cookie.startswith("CloudFront-")]


def unfit(answer: Answer, path: str, statuses: Iterable[int] = ()) -> Wrong:
    """What is wrong with an answer to somebody who has not signed in."""
    if data_cookies(answer):
        yield f"{path} hands out {join(data_cookies(answer))}"
    elif statuses and answer.status not in statuses:
        yield f"{path} answers {answer.status}"


def site(look: Sight, path: str) -> str:
    return f"https://{look.known['site_domain']}{path}"


def shell(look: Sight) -> Wrong:
    answer = look.once("shell", lambda: web.ask(site(look, "/")))
    yield from unfit(answer, "/", (200,))
    for path in (
        [".", *re.findall(r"""(?:src|href)="\./([\w./-]+\.js)\"""", answer.body)] if answer.status == 200 else []
    ):
        body = answer.body if path == "." else web.ask(site(look, f"/{path}")).body
        if look.known["data_bucket"] in body:
            yield f"/{path.lstrip('.')} names the bucket {look.known['data_bucket']}"


def login(look: Sight) -> Wrong:
    answer = web.ask(site(look, "/login"))
    yield from unfit(answer, "/login", (302,))
    yield from login_address(
        answer.header("Location"), look.known["login_domain"], facts.app_client(look)["ClientId"], site(look, "")
    )


def login_address(location: str, domain: str, client: str, own: str) -> Wrong:
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


def closed(look: Sight) -> Wrong:
    for path in look.known["deny_paths"]:
        yield from unfit(web.ask(site(look, path)), path, (401,))


def disguised(look: Sight) -> Wrong:
    for path in DISGUISES:
        yield from unfit(web.ask(site(look, path)), path, range(300, 600))


def settings(look: Sight) -> Wrong:
    for path in SETTINGS:
        for headers in ({}, FORGED):
            yield from unfit(web.ask(site(look, path), headers), path, range(300, 600))


def forged(look: Sight) -> Wrong:
    for path in ("/session", "/login", "/", *DISGUISES):
        yield from unfit(web.ask(site(look, path), FORGED), path)


def unknown(look: Sight) -> Wrong:
    path = f"/verify-{secrets.token_hex(4)}"
    answer = web.ask(site(look, path))
    yield from unfit(answer, "a path that nobody knows", (302,))
    to = urllib.parse.urlsplit(answer.header("Location")).netloc
    if answer.status == 302 and to != look.known["login_domain"]:
        yield f"a path that nobody knows leads to {to}"


def headers_missing(answer: Answer, least_age: int) -> Wrong:
    age = re.search(r"max-age=(\d+)", answer.header("Strict-Transport-Security"))
    if not age or int(age[1]) < least_age:
        yield f"Strict-Transport-Security is {answer.header('Strict-Transport-Security') or 'missing'}"
    for name, wanted in HEADERS.items():
        held = answer.header(name)
        if not held or (wanted and held != wanted):
            yield f"{name} is {held or 'missing'}"
    if re.search(r"\d", answer.header("Server")):
        yield f"Server tells a version: {answer.header('Server')}"


def headers(look: Sight) -> Wrong:
    answer = look.once("shell", lambda: web.ask(site(look, "/")))
    yield from headers_missing(answer, look.known["hsts_max_age"])


SIGNED_OUT = "Run site.yml; see the lines listener-default, listener-session and listener-public."
CHECKS = (
    Check(
        "shell",
        shell,
        "https://{site_domain}/ is the viewer's program and says nothing of the data.",
        "One request without a sign-in, and those for the scripts that the page names; the bucket's name is looked for",
        "See the line targets; then run site.yml, which builds the viewer anew.",
        ("site-certificate",),
        settles=True,
    ),
    Check(
        "site-headers",
        headers,
        "Its answers tell browsers to come back by TLS only, to guess no types, and to tell others no addresses.",
        "The headers of https://{site_domain}/",
        "Run site.yml: it writes nginx's configuration anew.",
        ("shell",),
    ),
    Check(
        "login",
        login,
        "/login leads to the login at {login_domain}, for this site's app client, and back here.",
        "One request, redirect not followed",
        SIGNED_OUT,
        ("site-certificate",),
        settles=True,
    ),
    Check(
        "session-closed",
        closed,
        "{deny_paths} answers 401 to who is not signed in, and hands out no cookie for the data.",
        "One request for each, without a sign-in",
        SIGNED_OUT,
        ("site-certificate",),
        settles=True,
    ),
    Check(
        "session-disguised",
        disguised,
        "Nor does it hand one out under another spelling of that path.",
        f"Requests for {join(DISGUISES)}, sent as they stand",
        SIGNED_OUT,
        ("site-certificate",),
    ),
    Check(
        "identity-forged",
        forged,
        "Nor to who writes the load balancer's identity headers himself.",
        f"The same requests with {join(FORGED)}",
        SIGNED_OUT + " Until it is right, cookies may be handed out to anybody.",
        ("site-certificate",),
    ),
    Check(
        "settings-closed",
        settings,
        "What is set for the viewer, which may name data, is not public.",
        f"Requests for {join(SETTINGS)}, without a sign-in and with the headers above",
        SIGNED_OUT,
        ("site-certificate",),
    ),
    Check(
        "path-unknown",
        unknown,
        "A path that no rule is for asks for the login.",
        "One request for a path that nobody knows",
        SIGNED_OUT,
        ("site-certificate",),
        settles=True,
    ),
)
