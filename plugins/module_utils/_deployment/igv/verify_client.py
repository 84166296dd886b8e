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

from ansible_collections.bioviewers.aws.plugins.module_utils._checks import http as web
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import Check, Sight, Skipped, Wrong
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.igv import verify as igv

# RFC 6749, section 5.2: what a token endpoint says of a code that it never gave.
REFUSALS = {"invalid_grant", "invalid_client", "invalid_request", "unauthorized_client"}
FILE = "oauth-config.json"


def redirect(look: Sight) -> str:
    return f"http://localhost:{look.known['callback_port']}/oauthCallback"


def authorize(look: Sight) -> Wrong:
    asked = {
        "state": "verify",
        "redirect_uri": redirect(look),
        "client_id": igv.client(look)["ClientId"],
        "response_type": "code",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",  # of RFC 7636, appendix B
        "code_challenge_method": "S256",
        "scope": "openid email profile",
    }
    url = f"https://{look.known['login_domain']}/oauth2/authorize"
    answer = web.ask(f"{url}?{urllib.parse.urlencode(asked, quote_via=urllib.parse.quote)}")
    location = answer.header("Location")
    if answer.status not in (200, 302) or "error" in location:
        yield f"{url} answers {answer.status}{' to ' if location else ''}{location}"


def token(look: Sight) -> Wrong:
    url = f"https://{look.known['login_domain']}/oauth2/token"
    asked = {"grant_type": "authorization_code", "code": "none", "redirect_uri": redirect(look)}
    asked["client_id"] = igv.client(look)["ClientId"]
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


def expected(look: Sight) -> dict[str, Any]:
    login = f"https://{look.known['login_domain']}/oauth2"
    return {
        "auth_provider": "Amazon",
        "client_id": igv.client(look)["ClientId"],
        "authorization_endpoint": f"{login}/authorize",
        "token_endpoint": f"{login}/token",
        "redirect_uris": [redirect(look)],
        "aws_region": look.known["region"],
        "aws_cognito_fed_pool_id": igv.pool(look)["IdentityPoolId"],
        "aws_cognito_role_arn": igv.role(look)["Arn"],
    }


def file_faults(config: Mapping[str, Any], wanted: Mapping[str, Any], with_secret: bool) -> Wrong:
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


def files(look: Sight) -> Wrong:
    folder = look.known.get("config_dir")
    if not folder:
        raise Skipped("nobody said where it is (config_dir)")
    for name in (FILE, f"{FILE}.gz"):
        config, mode = held(os.path.join(folder, name))
        if mode & 0o077:
            yield f"{name}: others than its owner may read it (mode {mode:04o})"
        for reason in file_faults(config, expected(look), igv.client(look)["ClientSecret"]):
            yield f"{name}: {reason}"


def hosted(look: Sight) -> Wrong:
    url = look.known.get("config_url")
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
    for reason in file_faults(config, expected(look), with_secret=False):
        yield f"{url}: {reason}"


CHECKS = {
    "What IGV meets": (
        Check(
            "igv-login",
            authorize,
            "The login at {login_domain} takes IGV's way of asking.",
            "A request to /oauth2/authorize, with PKCE",
            "See igv-client; a new address can take some minutes to be known.",
            needs=("igv-client",),
            settles=True,
        ),
        Check(
            "igv-token",
            token,
            "Tokens are given out at {login_domain}, and not for a code that is none.",
            "A request to /oauth2/token",
            "See igv-login.",
            needs=("igv-client",),
            settles=True,
        ),
        Check(
            "igv-config",
            files,
            "The files for IGV say what is so, and their owner alone may read them.",
            "oauth-config.json and oauth-config.json.gz on this machine, against what AWS says",
            "Run igv/site.yml, and hand out the files anew.",
            needs=("igv-client", "igv-pool", "igv-trust"),
        ),
        Check(
            "igv-config-hosted",
            hosted,
            "What IGV fetches from the web server says what is so, and holds no secret.",
            "A request for it, without a login",
            "Put the oauth-config.json that igv/site.yml wrote there, as it is and for all to fetch.",
            needs=("igv-client", "igv-pool", "igv-trust"),
        ),
    ),
}
