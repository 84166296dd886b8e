# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cookies as they are handed out to somebody who signs in at the hosted login. PRIVATE."""

from __future__ import annotations

import html.parser
import json
import re
import time
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass, field

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import http as web
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import signed_cookies as jar
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context, Skipped
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.http import Answer
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons

HOPS = 12
NAMES = {"CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id"}
SLACK = 60  # seconds that two clocks may differ


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    asks_password: bool = False


class Forms(html.parser.HTMLParser):
    """The forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", "")))
        elif tag == "input" and self.found:
            form = self.found[-1]
            form.asks_password |= given.get("type") == "password"
            if given.get("type") == "hidden" and given.get("name"):
                form.fields[given["name"]] = given.get("value", "")


class Visitor:
    """Somebody with a browser's patience: keeps cookies, follows redirects, fills in a form."""

    def __init__(self) -> None:
        self._cookies: dict[str, dict[str, str]] = {}

    def open(self, url: str, form: dict[str, str] | None = None) -> tuple[str, Answer]:
        """Where it ends, and what is answered there: a page, or cookies for the data."""
        for _turn in range(HOPS):
            answer = self._ask(url, form)
            location = answer.header("Location")
            if handed_out(answer) or not location:
                return url, answer
            url, form = urllib.parse.urljoin(url, location), None
        return url, answer

    def _ask(self, url: str, form: dict[str, str] | None) -> Answer:
        host = urllib.parse.urlsplit(url).netloc
        held = self._cookies.setdefault(host, {})
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in held.items())} if held else {}
        if form is None:
            answer = web.ask(url, headers)
        else:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            answer = web.ask(url, headers, "POST", urllib.parse.urlencode(form))
        for cookie in answer.cookies:
            name, _mark, value = cookie.partition(";")[0].partition("=")
            held[name] = value
        return answer


def handed_out(answer: Answer) -> list[str]:
    """The cookies for the data. One without a value takes an earlier one away."""
    return [cookie for cookie in answer.cookies if re.match("CloudFront-[A-Za-z-]+=[^;]", cookie)]


def attributes(cookies: Iterable[str], domain: str) -> Reasons:
    """What is wrong with the attributes of the Set-Cookie headers."""
    for cookie in cookies:
        name, _mark, rest = cookie.partition("=")
        held = {part.strip().lower() for part in rest.split(";")[1:]}
        wanted = {f"domain={domain}", "path=/", "secure", "httponly"}
        if wanted - held:
            yield f"{name} lacks {join(sorted(wanted - held))}"
        if not {"samesite=lax", "samesite=strict"} & held:
            yield f"{name} is sent along from other sites"
        if any(part.startswith(("expires=", "max-age=")) for part in held):
            yield f"{name} outlives the browser"


def contents(policy: str, resource: str, life: int, now: float) -> Reasons:
    """What is wrong with the policy inside: what it opens, and for how long."""
    (statement,) = json.loads(jar.decode(policy))["Statement"]
    if statement["Resource"] != resource:
        yield f"they open {statement['Resource']}, not {resource}"
    left = statement["Condition"]["DateLessThan"]["AWS:EpochTime"] - now
    if not 0 < left <= life + SLACK:
        yield f"they are good for {int(left)} seconds more, not for {life} at most"


def sign_in(context: Context) -> Answer:
    """The answer that hands out the cookies. Raises Skipped where nobody is there to sign in as."""
    if context.inputs["identity_providers"] != ["COGNITO"]:
        raise Skipped(f"people sign in with {join(context.inputs['identity_providers'])}, which no program can")
    if not context.inputs.get("test_user") or not context.inputs.get("test_password"):
        raise Skipped("it needs a user to sign in as: set verify_test_user and verify_test_password")
    visitor = Visitor()
    url, page = visitor.open(f"https://{context.inputs['site_domain']}/login")
    form = next((form for form in Forms(page.body).found if form.asks_password), None)
    if form is None:
        raise OSError(f"the login shows no form for a password at {url.partition('?')[0]}")
    given = {**form.fields, "username": context.inputs["test_user"], "password": context.inputs["test_password"]}
    url, answer = visitor.open(urllib.parse.urljoin(url, form.action), given)
    if not handed_out(answer):
        raise OSError(f"signing in as the test user ends at {url.partition('?')[0]} with {answer.status}")
    return answer


def cookies(context: Context) -> Reasons:
    answer = sign_in(context)
    held = {cookie.partition("=")[0]: cookie.partition("=")[2].partition(";")[0] for cookie in handed_out(answer)}
    if NAMES - held.keys():
        yield f"{join(sorted(NAMES - held.keys()))} is missing"
        return
    yield from attributes(handed_out(answer), context.inputs["domain"])
    resource = f"https://{context.inputs['data_domain']}/*"
    yield from contents(held["CloudFront-Policy"], resource, context.inputs["cookie_lifetime"], time.time())
    if "no-store" not in answer.header("Cache-Control"):
        yield "the answer that brings them may be kept by caches (no Cache-Control: no-store)"


PART = "The site, with a sign-in"
CHECKS = (
    Check(
        "cookies",
        cookies,
        claim=(
            "Who signs in gets cookies for the data alone, for {cookie_lifetime} seconds at most, and no "
            "script can read them."
        ),
        how="A sign-in at the hosted login as the test user; the Set-Cookie headers and the policy inside",
        todo=(
            "Run site.yml: it writes the cookies' settings anew. See on the instance: systemctl status signed-cookies."
        ),
        needs=("login",),
    ),
)
