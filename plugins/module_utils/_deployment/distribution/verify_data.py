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

from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import join
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import http as web
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import signed_cookies as jar
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Context, Skipped
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.http import Answer
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Reasons
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.signed_cookies import Cookies, Signer
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.bucket import find as bucket
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.signing_keys import find as signing_keys

FOREIGN = "https://elsewhere.example"
EXPOSED = {"content-range", "content-length", "content-encoding", "etag"}
KEY_TODO = "Run site.yml; see the lines distribution-keys, distribution-behaviours and key-group."
SIGNED_BY = (
    "One request; the cookie is signed by the deployment's key if it may be read, else by one that is thrown away"
)


def data(context: Context, path: str = "") -> str:
    return f"https://{context.inputs['data_domain']}/{path}"


def get(context: Context, path: str, cookies: Cookies | None = None, **headers: str) -> Answer:
    pairs = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
    given = {**({"Cookie": pairs} if pairs else {}), "Range": "bytes=0-0", **headers}
    return web.ask(data(context, path), given)


def an_object(context: Context) -> str:
    """Some object's path, so that what is let through shows as 200; without one, a path that would be 404."""
    return bucket.an_object(context) or f"verify-{secrets.token_hex(4)}"


def refused(answer: Answer, what: str) -> Reasons:
    if answer.status != 403:
        yield f"{what} is answered with {answer.status}"


def _needs_library() -> None:
    if not jar.HAS_CRYPTOGRAPHY:
        raise Skipped("this machine's Python has no cryptography library")


def good_signer(context: Context) -> Signer | None:
    """With the deployment's own key, if the caller lets it be read; it stays in memory."""
    _needs_library()
    if not context.inputs["use_signing_key"]:
        return None
    key = signing_keys.private_key(context)
    return context.aws.once("signer", lambda: jar.with_key(key, signing_keys.key_pair_id(context)))


def stranger(context: Context) -> Signer:
    """With a key that nobody trusts, under the name of one that CloudFront trusts."""
    _needs_library()
    return context.aws.once("stranger", lambda: jar.throw_away(signing_keys.key_pair_id(context)))


def required_signer(context: Context) -> Signer:
    signer = good_signer(context)
    if signer is None:
        raise Skipped(
            "it needs the signing key, which only administrators should read: set verify_use_signing_key to true"
        )
    return signer


def everything(context: Context) -> str:
    return data(context, "*")


def expired(signer: Signer, context: Context) -> Cookies:
    return signer.sign(jar.policy(everything(context), life=-60))


def other_resource(signer: Signer, context: Context) -> Cookies:
    return signer.sign(jar.policy(f"https://other.{context.inputs['domain']}/*"))


def tampered(signer: Signer, context: Context) -> Cookies:
    longer = signer.sign(jar.policy(everything(context), life=86400))["CloudFront-Policy"]
    return {**signer.sign(jar.policy(everything(context))), "CloudFront-Policy": longer}


def plain(signer: Signer, context: Context) -> Cookies:
    return jar.plain_base64(signer.sign(jar.policy(everything(context))))


def good(signer: Signer, context: Context) -> Cookies:
    return signer.sign(jar.policy(everything(context)))


def without(context: Context) -> Reasons:
    yield from refused(get(context, an_object(context)), "a request without a cookie")


def other_key(context: Context) -> Reasons:
    yield from refused(
        get(context, an_object(context), good(stranger(context), context)), "a cookie signed by another key"
    )


def refusal(context: Context, bad: Callable[[Signer, Context], Cookies], what: str) -> Reasons:
    signer = good_signer(context) or stranger(context)
    yield from refused(get(context, an_object(context), bad(signer, context)), what)


def opens(context: Context) -> Reasons:
    cookies, path = good(required_signer(context), context), bucket.an_object(context)
    answer = get(context, path or f"verify-{secrets.token_hex(4)}", cookies)
    if answer.status not in ((200, 206) if path else (404,)):
        yield f"a good cookie is answered with {answer.status}{error_code(answer)}"


def error_code(answer: Answer) -> str:
    found = re.search(r"<Code>(\w+)</Code>", answer.body)
    return f" ({found[1]})" if found else ""


def missing(context: Context) -> Reasons:
    answer = get(context, f"verify-{secrets.token_hex(4)}", good(required_signer(context), context))
    if answer.status != 404:
        yield f"an object that is not there is answered with {answer.status}{error_code(answer)}"


def listing(context: Context) -> Reasons:
    signer = good_signer(context)
    for path in ("", "?list-type=2"):
        for cookies in ({}, *([good(signer, context)] if signer else [])):
            answer = get(context, path, cookies)
            if "ListBucketResult" in answer.body or (not cookies and answer.status != 403):
                yield f"/{path} is answered with {answer.status}{' and a list of objects' if cookies else ''}"


def allowed_origin(answer: Answer) -> str:
    return answer.header("Access-Control-Allow-Origin")


def cors_own(context: Context) -> Reasons:
    own = f"https://{context.inputs['site_domain']}"
    answer = get(context, an_object(context), good(required_signer(context), context), Origin=own)
    if allowed_origin(answer) != own or answer.header("Access-Control-Allow-Credentials") != "true":
        yield f"its pages may not read the data: Access-Control-Allow-Origin is {allowed_origin(answer) or 'missing'}"
    named = {name.strip().lower() for name in answer.header("Access-Control-Expose-Headers").split(",")}
    if EXPOSED - named:
        yield f"they may not see the headers {join(sorted(EXPOSED - named))}"


def cors_foreign(context: Context) -> Reasons:
    signer = good_signer(context)
    answer = get(context, an_object(context), good(signer, context) if signer else {}, Origin=FOREIGN)
    if allowed_origin(answer):
        yield f"pages of {FOREIGN} get Access-Control-Allow-Origin {allowed_origin(answer)}"


def refusing(line: str, bad: Callable[[Signer, Context], Cookies], what: str) -> Check:
    return Check(
        f"cookie-{line}",
        functools.partial(refusal, bad=bad, what=what),
        claim=f"{what[0].upper()}{what[1:]} is refused.",
        how=SIGNED_BY,
        todo=KEY_TODO,
        needs=("data-certificate",),
    )


def reading(name: str, test: Callable[[Context], Reasons], claim: str, how: str, todo: str, **more: Any) -> Check:
    return Check(name, test, claim=claim, how=how, todo=todo, needs=("data-certificate",), **more)


PART = "The data"
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
        claim='An object that is not there is 404, so that 403 always means "not allowed".',
        how="One request with a good cookie",
        todo="Run site.yml: the distribution lacks the right to list, see bucket-statements.",
        needs=("cookie-good",),
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
        claim="Pages of {site_domain} may read the data, with its length and range.",
        how="One request with a good cookie and that origin",
        todo="Run site.yml; see the line headers-policy.",
        needs=("cookie-good",),
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
