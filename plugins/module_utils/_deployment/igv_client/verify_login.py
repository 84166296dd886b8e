# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backend of IGV as IGV meets it: the addresses of the login, and the file that tells it of all. PRIVATE."""

from __future__ import annotations

import gzip
import json
import os
import stat
import urllib.parse
from collections.abc import Mapping
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import http as web
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context, Skipped
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.identity_pool import find as identity_pool
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.user_pool import find as user_pools

# RFC 6749, section 5.2: what a token endpoint says of a code that it never gave.
REFUSALS = {"invalid_grant", "invalid_client", "invalid_request", "unauthorized_client"}
FILE = "oauth-config.json"


def redirect(context: Context) -> str:
    return f"http://localhost:{context.inputs['callback_port']}/oauthCallback"


def authorize(context: Context) -> Reasons:
    asked = {
        "state": "verify",
        "redirect_uri": redirect(context),
        "client_id": user_pools.app_client(context)["ClientId"],
        "response_type": "code",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",  # of RFC 7636, appendix B
        "code_challenge_method": "S256",
        "scope": "openid email profile",
    }
    url = f"https://{context.inputs['login_domain']}/oauth2/authorize"
    answer = web.ask(f"{url}?{urllib.parse.urlencode(asked, quote_via=urllib.parse.quote)}")
    location = answer.header("Location")
    if answer.status not in (200, 302) or "error" in location:
        yield f"{url} answers {answer.status}{' to ' if location else ''}{location}"


def token(context: Context) -> Reasons:
    url = f"https://{context.inputs['login_domain']}/oauth2/token"
    asked = {"grant_type": "authorization_code", "code": "none", "redirect_uri": redirect(context)}
    asked["client_id"] = user_pools.app_client(context)["ClientId"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = web.ask(url, form, "POST", urllib.parse.urlencode(asked))
    try:
        said = json.loads(answer.body).get("error")
    except (ValueError, AttributeError):
        said = None
    if answer.status not in (400, 401) or said not in REFUSALS:
        yield f"{url} answers {answer.status} to a code that it never gave, and names no error of OAuth"


def held(path: str) -> tuple[dict[str, Any], int]:
    """What a file says, packed or not, and who may read it."""
    try:
        with open(path, "rb") as file:
            content, mode = file.read(), stat.S_IMODE(os.fstat(file.fileno()).st_mode)
    except FileNotFoundError:
        raise Skipped(f"there is no {path} on this machine") from None
    return json.loads(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content), mode


def expected(context: Context) -> dict[str, Any]:
    login = f"https://{context.inputs['login_domain']}/oauth2"
    return {
        "auth_provider": "Amazon",
        "client_id": user_pools.app_client(context)["ClientId"],
        "authorization_endpoint": f"{login}/authorize",
        "token_endpoint": f"{login}/token",
        "redirect_uris": [redirect(context)],
        "aws_region": context.inputs["region"],
        "aws_cognito_fed_pool_id": identity_pool.identity_pool(context)["IdentityPoolId"],
        "aws_cognito_role_arn": identity_pool.reader_role(context)["Arn"],
    }


def file_faults(config: Mapping[str, Any], wanted: Mapping[str, Any], with_secret: bool) -> Reasons:
    for name, value in wanted.items():
        if config.get(name) != value:
            yield f"its {name} is {config.get(name)}, not {value}"
    if not {"openid", "email"} <= set(config.get("scope", "").split("%20")):
        yield "its scope has not openid and email, with %20 between them"
    if bool(config.get("client_secret")) != with_secret:
        yield (
            "it has no client_secret, and the app client has one" if with_secret else "it has a client_secret too many"
        )
    if surplus := sorted(set(config) - {*wanted, "scope", "client_secret"}):
        yield f"IGV reads no {join(surplus)}"


def files(context: Context) -> Reasons:
    folder = context.inputs.get("config_dir")
    if not folder:
        raise Skipped("nobody said where it is (config_dir)")
    for name in (FILE, f"{FILE}.gz"):
        config, mode = held(os.path.join(folder, name))
        if mode & 0o077:
            yield f"{name}: others than its owner may read it (mode {mode:04o})"
        for reason in file_faults(config, expected(context), user_pools.app_client(context)["ClientSecret"]):
            yield f"{name}: {reason}"


def hosted(context: Context) -> Reasons:
    url = context.inputs.get("config_url")
    if not url:
        raise Skipped("nobody said that it is on a web server (config_url)")
    answer = web.ask(url)
    try:
        config = json.loads(answer.body) if answer.status == 200 else None
    except ValueError:
        config = None
    if not isinstance(config, dict):
        yield f"{url} answers {answer.status}, and not with {FILE}"
        return
    for reason in file_faults(config, expected(context), with_secret=False):
        yield f"{url}: {reason}"


PART = "What IGV meets"
CHECKS = (
    Check(
        "igv-login",
        authorize,
        claim="The login at {login_domain} takes IGV's way of asking.",
        how="A request to /oauth2/authorize, with PKCE",
        todo="See igv-client; a new address can take some minutes to be known.",
        needs=("igv-client",),
        settles=True,
    ),
    Check(
        "igv-token",
        token,
        claim="Tokens are given out at {login_domain}, and not for a code that is none.",
        how="A request to /oauth2/token",
        todo="See igv-login.",
        needs=("igv-client",),
        settles=True,
    ),
    Check(
        "igv-config",
        files,
        claim="The files for IGV say what is so, and their owner alone may read them.",
        how="oauth-config.json and oauth-config.json.gz on this machine, against what AWS says",
        todo="Run igv/site.yml, and hand out the files anew.",
        needs=("igv-client", "igv-pool", "igv-trust"),
    ),
    Check(
        "igv-config-hosted",
        hosted,
        claim="What IGV fetches from the web server says what is so, and holds no secret.",
        how="A request for it, without a login",
        todo="Put the oauth-config.json that igv/site.yml wrote there, as it is and for all to fetch.",
        needs=("igv-client", "igv-pool", "igv-trust"),
    ),
)
