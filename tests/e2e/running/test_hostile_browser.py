"""What other pages and other names can do in the browser of somebody who is signed in.

The cookies for the data are for the whole domain: a name beside the site can set some too, and gets them sent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import Error as PlaywrightError

from sandbox import settings
from sandbox.demo import browser, viewer, volumes
from tests import oracle
from tests.e2e import evil_site
from tests.e2e.evil_site import BESIDE, ELSEWHERE
from tests.e2e.signing import a_foreign_key, policy

pytestmark = pytest.mark.usefixtures("quiet")
PERSON = f"vera@{settings.DOMAIN}"
OBJECT = f"{viewer.DATA}/{volumes.NIFTI_KEY}"


@pytest.fixture(scope="module")
def chromium(deployment) -> Iterator[BrowserContext]:
    with browser.chromium(settings.CA_FILE) as context:
        yield context


@pytest.fixture(scope="module")
def signed_in(chromium) -> Any:
    """The cookies of a browser in which the person has signed in."""
    page = chromium.new_page()
    page.goto(f"{viewer.SITE}/login")
    browser.wait_for_login(page)
    browser.sign_in(page, PERSON, viewer.create_user(PERSON))
    page.wait_for_url(f"{viewer.SITE}/**")
    return chromium.storage_state()


@pytest.fixture
def tab(chromium, signed_in) -> Iterator[Page]:
    with contextlib.closing(chromium.browser.new_context(storage_state=signed_in)) as context:
        yield context.new_page()


@pytest.fixture
def evil_page(tab) -> Iterator[Callable[..., None]]:
    """Go to a page of somebody's who sets cookies."""
    with evil_site.serving() as (port, served):

        def go(name: str, *cookies: str) -> None:
            served[:] = cookies
            tab.goto(f"https://{name}:{port}/")

        yield go


# What somebody put into the bucket: each tries to read another object, to stay, and to set a cookie.
DEED = f"""
document.cookie = "planted=1; Domain={settings.DOMAIN}; Path=/; Secure";
navigator.serviceWorker && navigator.serviceWorker.register("worker.js");
fetch("{OBJECT}").then(answer => answer.arrayBuffer()).then(read => {{ document.title = "read " + read.byteLength; }});
"""
XHTML = "http://www.w3.org/1999/xhtml"
PAGES = {
    "page.html": ("text/html", f"<!doctype html><title>page</title><script>{DEED}</script>"),
    "page.svg": ("image/svg+xml", f'<svg xmlns="http://www.w3.org/2000/svg"><script>{DEED}</script></svg>'),
    "page.xml": ("application/xhtml+xml", f'<html xmlns="{XHTML}"><title>page</title><script>{DEED}</script></html>'),
    "page.pdf": (
        "application/pdf",
        "%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
    ),
    "guessed": ("application/octet-stream", f"<!doctype html><title>page</title><script>{DEED}</script>"),
    "worker.js": ("text/javascript", "self.onfetch = () => {};"),
}


@pytest.fixture(scope="module")
def pages(deployment) -> Iterator[None]:
    s3 = settings.client("s3")
    for name, (kind, content) in PAGES.items():
        s3.put_object(Bucket=settings.DATA_BUCKET, Key=f"pages/{name}", Body=content.encode(), ContentType=kind)
    yield
    for name in PAGES:
        s3.delete_object(Bucket=settings.DATA_BUCKET, Key=f"pages/{name}")


@pytest.mark.hostile
@pytest.mark.parametrize("name", PAGES)
def test_an_object_cannot_act_as_a_page(pages, tab, name):
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    with contextlib.suppress(PlaywrightError):  # what a browser saves instead of showing
        tab.goto(f"{viewer.DATA}/pages/{name}")
    tab.wait_for_timeout(500)
    assert OBJECT not in asked
    assert not tab.title().startswith("read")
    assert "planted" not in {cookie["name"] for cookie in tab.context.cookies()}
    assert not tab.context.service_workers


def test_what_was_read_is_no_longer_readable_after_signing_out(tab):
    """Neither from CloudFront nor from the browser's own cache."""
    script = """async url => { try { return (await fetch(url, {credentials: "include"})).status; }
                             catch { return 0; } }"""
    tab.goto(f"{viewer.SITE}/assets/none")
    assert [tab.evaluate(script, OBJECT) for _time in range(2)] == [200, 200]
    tab.goto(f"{viewer.SITE}/logout")
    tab.wait_for_url("**/signed-out")
    tab.goto(f"{viewer.SITE}/assets/none")
    assert tab.evaluate(script, OBJECT) in (0, 403)


def tossed(cookies: dict[str, str], path: str) -> list[str]:
    kept = f"Domain={settings.DOMAIN}; Path={path}; Secure"
    return [f"{name}={value}; {kept}" for name, value in cookies.items()]


def fetched(page: Page, url: str, mode: str = "cors") -> str:
    """What a script of the page gets to see."""
    script = """async ([url, mode]) => { try {
                  const answer = await fetch(url, {mode, credentials: "include", cache: "no-store"});
                  return `${answer.type} ${answer.status} ${(await answer.arrayBuffer()).byteLength}`;
                } catch (error) { return error.name; } }"""
    return page.evaluate(script, [url, mode])


@pytest.fixture
def status(tab, deployment) -> Callable[[str], int]:
    """What the edge answers to a script of the site, on a page that does nothing else."""

    def ask(url: str) -> int:
        tab.goto(f"{viewer.SITE}/assets/none")
        before = len(deployment.edge_log())
        fetched(tab, url)
        (answer,) = [each for each in deployment.edge_log()[before:] if each["path"] == urlsplit(url).path]
        return answer["status"]

    return ask


@pytest.fixture
def foreign(key_pair_id) -> dict[str, str]:
    """Cookies under our key's id by a key that is not ours."""
    return oracle.sign(policy(), a_foreign_key(), key_pair_id)


def test_a_script_of_the_site_reads_the_data(tab):
    tab.goto(f"{viewer.SITE}/assets/none")
    assert fetched(tab, OBJECT) == f"cors 200 {volumes.NIFTI.stat().st_size}"


def seen(deployment, before: int) -> list[tuple[int, bool]]:
    """Since then: each answer of the data's, and whether it was asked with cookies."""
    entries = [entry for entry in deployment.edge_log()[before:] if entry["part"] == "cdn"]
    return [(entry["status"], "CloudFront-Policy" in entry["cookie_names"]) for entry in entries]


@pytest.mark.hostile
def test_a_script_beside_the_site_does_not(tab, evil_page, deployment):
    evil_page(BESIDE)
    before = len(deployment.edge_log())
    assert fetched(tab, OBJECT) == "TypeError"
    assert fetched(tab, OBJECT, "no-cors") == "opaque 0 0"
    # The cookies go along; that the page may not read is for CORS to say.
    assert seen(deployment, before) == [(200, True), (200, True)]


@pytest.mark.hostile
def test_a_script_beside_the_site_does_not_read_the_session(tab, evil_page, deployment):
    evil_page(BESIDE)
    before = len(deployment.edge_log())
    paths = ("/session", "/login", "/settings.json")
    assert [fetched(tab, viewer.SITE + path) for path in paths] == ["TypeError"] * 3
    statuses = [entry["status"] for entry in deployment.edge_log()[before:] if entry["path"] in paths]
    assert statuses == [204, 302, 200]


@pytest.mark.hostile
def test_a_script_of_another_site_does_not_even_send_the_cookies(tab, evil_page, deployment):
    evil_page(ELSEWHERE)
    before = len(deployment.edge_log())
    assert fetched(tab, OBJECT) == "TypeError"
    assert fetched(tab, OBJECT, "no-cors") == "opaque 0 0"
    assert seen(deployment, before) == [(403, False), (403, False)]


@pytest.mark.hostile
def test_tossed_cookies_for_the_data_close_it(evil_page, status, foreign, deployment):
    """Sent before the good ones, for their path is longer."""
    assert status(OBJECT) == 200
    evil_page(BESIDE, *tossed(foreign, "/mri"))
    assert status(OBJECT) == 403
    assert deployment.edge_log()[-1]["cookie_names"].count("CloudFront-Policy") == 2
    assert status(f"{viewer.SITE}/session") == 204
    assert status(OBJECT) == 403


@pytest.mark.hostile
def test_tossed_cookies_in_place_of_the_good_ones_last_until_these_are_renewed(evil_page, status, foreign):
    evil_page(BESIDE, *tossed(foreign, "/"))
    assert status(OBJECT) == 403
    assert status(f"{viewer.SITE}/session") == 204
    assert status(OBJECT) == 200


@pytest.mark.hostile
@pytest.mark.parametrize("value", ["junk", ""])
def test_a_tossed_sign_in_lets_nobody_in(evil_page, status, value):
    assert status(f"{viewer.SITE}/session") == 204
    evil_page(BESIDE, *tossed({"AWSELBAuthSessionCookie-0": value}, "/session"))
    assert status(f"{viewer.SITE}/session") == 401
