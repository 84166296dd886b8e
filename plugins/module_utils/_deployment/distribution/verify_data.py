# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data as a visitor meets it: without a cookie, with bad ones, with a good one. PRIVATE."""

from __future__ import annotations

import functools
import re
import secrets
from collections.abc import Callable
from typing import Any

from ansible_collections.bioviewers.aws.plugins.module_utils._checks import http as web
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import signed_cookies as jar
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.http import Answer
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.preflight import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.signed_cookies import Cookies, Signer
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.verify import Check, Sight, Skipped, Wrong
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment import find as facts

FOREIGN = "https://elsewhere.example"
EXPOSED = {"content-range", "content-length", "content-encoding", "etag"}


def data(look: Sight, path: str = "") -> str:
    return f"https://{look.known['data_domain']}/{path}"


def get(look: Sight, path: str, cookies: Cookies | None = None, **headers: str) -> Answer:
    pairs = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
    given = {**({"Cookie": pairs} if pairs else {}), "Range": "bytes=0-0", **headers}
    return web.ask(data(look, path), given)


def an_object(look: Sight) -> str:
    """Some object's path, so that what is let through shows as 200; without one, a path that would be 404."""
    return facts.an_object(look) or f"verify-{secrets.token_hex(4)}"


def refused(answer: Answer, what: str) -> Wrong:
    if answer.status != 403:
        yield f"{what} is answered with {answer.status}"


def key_pair_id(look: Sight) -> str:
    """The id of the public key that the first of signing_keys has at CloudFront."""
    label = look.known["signing_keys"][0]
    half = facts.public_half(look, label)
    found = [key for key, text in facts.public_keys(look).items() if text == half]
    if not found:
        raise Skipped(f"CloudFront has no key that is the public half of {label}, see key-group")
    return found[0]


def _needs_library() -> None:
    if not jar.HAS_CRYPTOGRAPHY:
        raise Skipped("this machine's Python has no cryptography library")


def good_signer(look: Sight) -> Signer | None:
    """With the deployment's own key, if the caller lets it be read; it stays in memory."""
    _needs_library()
    if not look.known["use_signing_key"]:
        return None
    name = f"{look.known['signing_key_path']}/{look.known['signing_keys'][0]}"
    told = look.call("ssm", "get_parameter", Name=name, WithDecryption=True)
    return look.once("signer", lambda: jar.with_key(told["Parameter"]["Value"], key_pair_id(look)))


def stranger(look: Sight) -> Signer:
    """With a key that nobody trusts, under the name of one that CloudFront trusts."""
    _needs_library()
    return look.once("stranger", lambda: jar.throw_away(key_pair_id(look)))


def required_signer(look: Sight) -> Signer:
    signer = good_signer(look)
    if signer is None:
        raise Skipped(
            "it needs the signing key, which only administrators should read: set verify_use_signing_key to true"
        )
    return signer


def everything(look: Sight) -> str:
    return data(look, "*")


def expired(signer: Signer, look: Sight) -> Cookies:
    return signer.sign(jar.policy(everything(look), life=-60))


def other_resource(signer: Signer, look: Sight) -> Cookies:
    return signer.sign(jar.policy(f"https://other.{look.known['domain']}/*"))


def tampered(signer: Signer, look: Sight) -> Cookies:
    longer = signer.sign(jar.policy(everything(look), life=86400))["CloudFront-Policy"]
    return {**signer.sign(jar.policy(everything(look))), "CloudFront-Policy": longer}


def plain(signer: Signer, look: Sight) -> Cookies:
    return jar.plain_base64(signer.sign(jar.policy(everything(look))))


def good(signer: Signer, look: Sight) -> Cookies:
    return signer.sign(jar.policy(everything(look)))


def without(look: Sight) -> Wrong:
    yield from refused(get(look, an_object(look)), "a request without a cookie")


def other_key(look: Sight) -> Wrong:
    yield from refused(get(look, an_object(look), good(stranger(look), look)), "a cookie signed by another key")


def refusal(look: Sight, bad: Callable[[Signer, Sight], Cookies], what: str) -> Wrong:
    signer = good_signer(look) or stranger(look)
    yield from refused(get(look, an_object(look), bad(signer, look)), what)


def opens(look: Sight) -> Wrong:
    cookies, path = good(required_signer(look), look), facts.an_object(look)
    answer = get(look, path or f"verify-{secrets.token_hex(4)}", cookies)
    if answer.status not in ((200, 206) if path else (404,)):
        yield f"a good cookie is answered with {answer.status}{error_code(answer)}"


def error_code(answer: Answer) -> str:
    found = re.search(r"<Code>(\w+)</Code>", answer.body)
    return f" ({found[1]})" if found else ""


def missing(look: Sight) -> Wrong:
    answer = get(look, f"verify-{secrets.token_hex(4)}", good(required_signer(look), look))
    if answer.status != 404:
        yield f"an object that is not there is answered with {answer.status}{error_code(answer)}"


def listing(look: Sight) -> Wrong:
    signer = good_signer(look)
    for path in ("", "?list-type=2"):
        for cookies in ({}, *([good(signer, look)] if signer else [])):
            answer = get(look, path, cookies)
            if "ListBucketResult" in answer.body or (not cookies and answer.status != 403):
                yield f"/{path} is answered with {answer.status}{' and a list of objects' if cookies else ''}"


def allowed_origin(answer: Answer) -> str:
    return answer.header("Access-Control-Allow-Origin")


def cors_own(look: Sight) -> Wrong:
    own = f"https://{look.known['site_domain']}"
    answer = get(look, an_object(look), good(required_signer(look), look), Origin=own)
    if allowed_origin(answer) != own or answer.header("Access-Control-Allow-Credentials") != "true":
        yield f"its pages may not read the data: Access-Control-Allow-Origin is {allowed_origin(answer) or 'missing'}"
    named = {name.strip().lower() for name in answer.header("Access-Control-Expose-Headers").split(",")}
    if EXPOSED - named:
        yield f"they may not see the headers {join(sorted(EXPOSED - named))}"


def cors_foreign(look: Sight) -> Wrong:
    signer = good_signer(look)
    answer = get(look, an_object(look), good(signer, look) if signer else {}, Origin=FOREIGN)
    if allowed_origin(answer):
        yield f"pages of {FOREIGN} get Access-Control-Allow-Origin {allowed_origin(answer)}"


KEY_TODO = "Run site.yml; see the lines distribution-keys, distribution-behaviours and key-group."
SIGNED_BY = (
    "One request; the cookie is signed by the deployment's key if it may be read, else by one that is thrown away"
)


def refusing(line: str, bad: Callable[[Signer, Sight], Cookies], what: str) -> Check:
    return Check(
        f"cookie-{line}",
        functools.partial(refusal, bad=bad, what=what),
        f"{what[0].upper()}{what[1:]} is refused.",
        SIGNED_BY,
        KEY_TODO,
        ("data-certificate",),
    )


def reading(name: str, test: Callable[[Sight], Wrong], claim: str, how: str, todo: str, **more: Any) -> Check:
    return Check(name, test, claim, how, todo, ("data-certificate",), **more)


CHECKS = (
    reading(
        "data-closed",
        without,
        "Without a cookie the data is refused.",
        "One request for an object",
        KEY_TODO + " Until it is right, the data may be open to anybody.",
        settles=True,
    ),
    reading(
        "cookie-other-key",
        other_key,
        "A cookie signed by another key is refused.",
        "One request; the key is thrown away",
        KEY_TODO,
    ),
    refusing("expired", expired, "a cookie that has expired"),
    refusing("other-resource", other_resource, "a cookie for another host"),
    refusing("tampered", tampered, "a cookie whose policy was exchanged"),
    refusing("plain-base64", plain, "a cookie in the usual alphabet of base64"),
    reading(
        "cookie-good",
        opens,
        "A good cookie opens the data.",
        "One request; the cookie is signed by the deployment's key",
        "See the lines key-group, bucket-statements and distribution-origin; then run site.yml.",
        settles=True,
    ),
    Check(
        "object-missing",
        missing,
        'An object that is not there is 404, so that 403 always means "not allowed".',
        "One request with a good cookie",
        "Run site.yml: the distribution lacks the right to list, see bucket-statements.",
        ("cookie-good",),
    ),
    reading(
        "listing",
        listing,
        "The names of the objects are told to nobody.",
        "Requests for / and /?list-type=2, without a cookie, and with a good one if the key may be read",
        "Run site.yml: the default root object of the distribution keeps / from being a list.",
    ),
    Check(
        "cors-own",
        cors_own,
        "Pages of {site_domain} may read the data, with its length and range.",
        "One request with a good cookie and that origin",
        "Run site.yml; see the line headers-policy.",
        ("cookie-good",),
        settles=True,
    ),
    reading(
        "cors-foreign",
        cors_foreign,
        "Pages of other sites may not.",
        f"One request with the origin {FOREIGN}, and a good cookie if the key may be read",
        "Run site.yml; see the line headers-policy, and that the bucket has no CORS rules of its own.",
    ),
)
