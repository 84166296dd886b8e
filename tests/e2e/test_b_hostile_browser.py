"""What other pages and other names can do in the browser of somebody who is signed in.

The cookies for the data are for the whole domain: a name beside the site can set some too, and gets them sent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from sandbox import browser, data, demo, settings
from tests import oracle
from tests.e2e.signing import a_foreign_key, policy

PERSON = f"vera@{settings.DOMAIN}"
OBJECT = f"{demo.DATA}/{data.NIFTI_KEY}"
# A name below the same domain that somebody else has, and one of another site.
BESIDE, ELSEWHERE = f"https://evil.{settings.DOMAIN}/", "https://evil.example/"


@pytest.fixture(scope="module")
def chromium(deployment) -> Iterator[BrowserContext]:
    with browser.chromium(settings.CA_FILE) as context:
        yield context


@pytest.fixture(scope="module")
def signed_in(chromium) -> Any:
    """The cookies of a browser in which the person has signed in."""
    page = chromium.new_page()
    page.goto(f"{demo.SITE}/login")
    browser.wait_for_login(page)
    browser.sign_in(page, PERSON, demo.create_user(PERSON))
    page.wait_for_url(f"{demo.SITE}/**")
    return chromium.storage_state()


@pytest.fixture
def tab(chromium, signed_in) -> Iterator[Page]:
    with contextlib.closing(chromium.browser.new_context(storage_state=signed_in)) as context:
        yield context.new_page()


def evil_page(page: Page, address: str, *cookies: str) -> None:
    """Go to a page of somebody's who sets cookies."""
    headers = {"Content-Type": "text/html", **({"Set-Cookie": "\n".join(cookies)} if cookies else {})}
    page.context.route(f"{address}**", lambda route: route.fulfill(headers=headers, body="<!doctype html>"))
    page.goto(address)


def tossed(cookies: dict[str, str], path: str) -> list[str]:
    kept = f"Domain={settings.DOMAIN}; Path={path}; Secure"
    return [f"{name}={value}; {kept}" for name, value in cookies.items()]


def status(page: Page, url: str) -> int:
    return page.context.request.get(url, max_redirects=0).status


def fetched(page: Page, url: str, mode: str = "cors") -> str:
    """What a script of the page gets to see."""
    script = """async ([url, mode]) => { try {
                  const answer = await fetch(url, {mode, credentials: "include", cache: "no-store"});
                  return `${answer.type} ${answer.status} ${(await answer.arrayBuffer()).byteLength}`;
                } catch (error) { return error.name; } }"""
    return page.evaluate(script, [url, mode])


@pytest.fixture
def foreign(key_pair_id) -> dict[str, str]:
    """Cookies under our key's id by a key that is not ours."""
    return oracle.sign(policy(), a_foreign_key(), key_pair_id)


def test_a_script_of_the_site_reads_the_data(tab):
    tab.goto(f"{demo.SITE}/signed-out")
    assert fetched(tab, OBJECT) == f"cors 200 {data.NIFTI.stat().st_size}"


@pytest.mark.hostile
def test_a_script_beside_the_site_does_not(tab, deployment):
    evil_page(tab, BESIDE)
    before = len(deployment.edge_log())
    assert fetched(tab, OBJECT) == "TypeError"
    assert fetched(tab, OBJECT, "no-cors") == "opaque 0 0"
    seen = [(entry["status"], "CloudFront-Policy" in entry["cookie_names"]) for entry in deployment.edge_log()[before:]]
    assert seen == [(200, True), (200, True)], "the cookies go along; that the page may not read is for CORS to say"


@pytest.mark.hostile
def test_a_script_beside_the_site_does_not_read_the_session(tab):
    evil_page(tab, BESIDE)
    assert fetched(tab, f"{demo.SITE}/session") == "TypeError"
    assert fetched(tab, f"{demo.SITE}/login") == "TypeError"


@pytest.mark.hostile
def test_a_script_of_another_site_does_not_even_send_the_cookies(tab, deployment):
    evil_page(tab, ELSEWHERE)
    before = len(deployment.edge_log())
    assert fetched(tab, OBJECT) == "TypeError"
    assert fetched(tab, OBJECT, "no-cors") == "opaque 0 0"
    assert {(entry["status"], *entry["cookie_names"]) for entry in deployment.edge_log()[before:]} == {(403,)}


@pytest.mark.hostile
def test_tossed_cookies_for_the_data_close_it(tab, foreign, deployment):
    """Sent before the good ones, for their path is longer."""
    assert status(tab, OBJECT) == 200
    evil_page(tab, BESIDE, *tossed(foreign, "/mri"))
    assert status(tab, OBJECT) == 403
    assert deployment.edge_log()[-1]["cookie_names"].count("CloudFront-Policy") == 2
    assert status(tab, f"{demo.SITE}/session") == 204
    assert status(tab, OBJECT) == 403


@pytest.mark.hostile
def test_tossed_cookies_in_place_of_the_good_ones_last_until_these_are_renewed(tab, foreign):
    evil_page(tab, BESIDE, *tossed(foreign, "/"))
    assert status(tab, OBJECT) == 403
    assert status(tab, f"{demo.SITE}/session") == 204
    assert status(tab, OBJECT) == 200


@pytest.mark.hostile
@pytest.mark.parametrize("value", ["junk", ""])
def test_a_tossed_sign_in_lets_nobody_in(tab, value):
    assert status(tab, f"{demo.SITE}/session") == 204
    evil_page(tab, BESIDE, *tossed({"AWSELBAuthSessionCookie-0": value}, "/session"))
    assert status(tab, f"{demo.SITE}/session") == 401
