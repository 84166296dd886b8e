"""A person with a browser: signed out only the shell and the login, signed in the volume is drawn in each format."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from sandbox import settings
from sandbox.demo import browser, neuroglancer, viewer, volumes
from tests.e2e import public_bucket
from tests.e2e.drawn import assert_drawn

pytestmark = pytest.mark.usefixtures("quiet")
LOGIN = f"https://{settings.LOGIN_DOMAIN}/"
COOKIES = {"CloudFront-Policy", "CloudFront-Signature", "CloudFront-Key-Pair-Id"}


@pytest.fixture(scope="module")
def chromium(deployment) -> Iterator[BrowserContext]:
    with browser.chromium(settings.CA_FILE) as context:
        yield context


@pytest.fixture
def visitor(chromium) -> Iterator[Page]:
    """A tab of its own: the shell goes to the login by itself only once in a tab."""
    page = chromium.new_page()
    yield page
    page.close()


@pytest.fixture(scope="module")
def refused() -> list[str]:
    """What the browser refused for the site's Content Security Policy, to the page or to one of its workers."""
    return []


@pytest.fixture(scope="module")
def log_before(deployment) -> int:
    """How many requests reached the edge before anybody signed in here."""
    return len(deployment.edge_log())


@pytest.fixture(scope="module")
def signed_in(chromium, deployment, refused, log_before) -> Page:
    page = chromium.new_page()
    page.on("console", lambda said: refused.extend([said.text] if "Content Security Policy" in said.text else []))
    page.goto(viewer.SITE)
    browser.wait_for_login(page)
    browser.sign_in(page, deployment.user, deployment.password)
    page.wait_for_function("() => window.viewer !== undefined", timeout=60_000)
    return page


def cookie_names(chromium: BrowserContext) -> set[str]:
    return {cookie["name"] for cookie in chromium.cookies()}


@pytest.mark.parametrize("path", ["/", "/index.html", "/login", "/anything", "/assets", "/healthz", "/session/"])
def test_signed_out_every_page_leads_to_the_login(visitor, path):
    visitor.goto(viewer.SITE + path)
    browser.wait_for_login(visitor)
    assert visitor.url.startswith(LOGIN)


def test_signed_out_and_back_from_the_login_the_shell_does_not_loop(visitor):
    visitor.goto(viewer.SITE)
    browser.wait_for_login(visitor)
    visitor.goto(viewer.SITE)
    visitor.get_by_role("button", name="Sign in").click()
    browser.wait_for_login(visitor)


def test_signed_out_the_shell_is_public_and_holds_nothing_of_the_data(http):
    shell = http.get(f"{viewer.SITE}/")
    assert shell.status_code == 200
    assert "set-cookie" not in shell.headers
    scripts = [http.get(f"{viewer.SITE}/{path}") for path in re.findall(r'"\./(assets/[\w.-]+)"', shell.text)]
    assert {script.status_code for script in scripts} == {200}
    for said in (shell, *scripts, http.get(f"{viewer.SITE}/settings.json")):
        assert not [word for word in (settings.DATA_BUCKET, settings.DATA_DOMAIN) if word in said.text]


@pytest.mark.hostile
@pytest.mark.parametrize(
    "path", ["/session", "//session", "/%73ession", "/assets/../session", "/assets/%2e%2e/session"]
)
def test_signed_out_no_path_gives_a_cookie_for_the_data(http, path):
    answer = http.get(viewer.SITE + path, headers={"x-amzn-oidc-identity": "me", "x-amzn-oidc-data": "a.b.c"})
    assert answer.status_code in {302, 400, 401, 403, 404}
    assert "CloudFront-" not in str(answer.headers.get_list("set-cookie"))


@pytest.mark.hostile
def test_a_wrong_password_gets_in_nowhere(visitor, chromium, deployment):
    visitor.goto(viewer.SITE)
    browser.wait_for_login(visitor)
    browser.sign_in(visitor, deployment.user, deployment.password + "x")
    browser.wait_for_login(visitor)
    assert visitor.url.startswith(LOGIN)
    assert not COOKIES & cookie_names(chromium)
    assert visitor.goto(f"{viewer.DATA}/{volumes.NIFTI_KEY}").status == 403


def test_the_login_sets_the_cookies_as_they_should_be(signed_in, chromium):
    cookies = [cookie for cookie in chromium.cookies() if cookie["name"].startswith("CloudFront-")]
    assert {cookie["name"] for cookie in cookies} == COOKIES
    for cookie in cookies:
        assert cookie["domain"].lstrip(".") == settings.DOMAIN
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
        assert cookie["expires"] == -1, "a cookie of the session: it goes with the browser"


def test_what_is_set_for_the_viewer_is_for_those_who_are_signed_in(signed_in, http):
    assert http.get(f"{viewer.SITE}/settings.json").status_code == 401
    known = signed_in.evaluate("fetch('/settings.json').then((answer) => answer.json())")
    assert known["credentials_origins"] == [viewer.DATA]


@pytest.mark.parametrize("z", [5, 12])
@pytest.mark.parametrize("layer", neuroglancer.layers(viewer.DATA), ids=lambda layer: layer["name"])
def test_the_volume_is_drawn_voxel_for_voxel(signed_in, layer, z):
    assert_drawn(signed_in, layer, z)


@pytest.fixture(scope="module")
def open_data(deployment) -> Iterator[tuple[str, list]]:
    with public_bucket.serving() as address_and_requests:
        yield address_and_requests


@pytest.mark.parametrize("index", range(len(neuroglancer.layers(""))))
def test_a_public_bucket_opens_in_the_same_viewer_and_gets_no_cookie(signed_in, open_data, index):
    address, requests = open_data
    assert_drawn(signed_in, neuroglancer.layers(address)[index], z=12)
    assert requests
    assert not [request for request in requests if request[2] or request[0] == "OPTIONS"]


def test_nothing_asked_the_data_domain_for_permission_first(signed_in, deployment, log_before):
    """An OPTIONS request would be refused, since it carries no cookies: there must be none."""
    log = deployment.edge_log()[log_before:]
    requests = [entry for entry in log if entry["part"] == "cdn" and entry["origin"] == viewer.SITE]
    assert {"GET", "HEAD"} == {entry["method"] for entry in requests}
    assert [entry for entry in requests if entry["range"]], "the sharded volume is read in ranges"
    # 304: the browser has it, and asks whether it may still use it. 404: what a format does not have is asked for too.
    # 403 would mean that the cookies were not sent.
    assert {entry["status"] for entry in requests} <= {200, 206, 304, 404}


@pytest.mark.parametrize("width", [360, 1280])
def test_the_way_out_is_in_sight_and_on_the_way_of_the_keyboard(signed_in, visitor, width):
    visitor.set_viewport_size({"width": width, "height": 640})
    shown = neuroglancer.layers(viewer.DATA)[-1:]
    visitor.goto(neuroglancer.address(viewer.SITE, neuroglancer.view(shown, z=12)))
    link = visitor.get_by_role("link", name="Sign out")
    link.click(trial=True, timeout=60_000)
    visitor.locator(".neuroglancer-position-dimension-coordinate").first.focus()
    for _turn in range(6):
        visitor.keyboard.press("Tab")
        if link.evaluate("(it) => it === document.activeElement"):
            break
    expect(link).to_be_focused()


def test_the_viewer_can_live_with_its_content_security_policy(signed_in, refused):
    assert refused == [], "all formats have been drawn, from the lab's bucket and from a public one"
    added = "const script = document.createElement('script'); script.textContent = 'window.added = 1'"
    signed_in.evaluate(f"() => {{ {added}; document.head.append(script) }}")
    assert signed_in.evaluate("() => window.added") is None
    assert len(refused) == 1, "it forbids what is not the site's own, and that is seen here"
