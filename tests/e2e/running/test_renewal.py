"""A tab that stays open: cookies and sign-ins end under it, connections break, and the picture comes back."""

from __future__ import annotations

import contextlib
import copy
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from sandbox import settings
from sandbox.demo import browser, neuroglancer, viewer
from tests import oracle
from tests.e2e.drawn import assert_drawn, assert_shows, drawing
from tests.e2e.signing import a_foreign_key, policy

pytestmark = pytest.mark.usefixtures("quiet")
OME_ZARR, SHARDED, PRECOMPUTED = neuroglancer.layers(viewer.DATA)[1:]
PERSON = f"lise@{settings.DOMAIN}"
# Two slices in different chunks.
LOADED, NEW = 5, 18
# With it the address is longer than 8 kB.
DRAWING = drawing(200)
# How many chunks failed. Neuroglancer's statistics: three figures for each of three tiers of each state; 6 is FAILED.
FAILED_CHUNKS = """async () =>
  [...(await viewer.chunkQueueManager.getStatistics()).values()]
    .reduce((sum, figures) => sum + figures[6 * 9] + figures[6 * 9 + 3] + figures[6 * 9 + 6], 0)"""


# ---- a person with a browser ----


@pytest.fixture(scope="module")
def chromium(deployment) -> Iterator[BrowserContext]:
    with browser.chromium(settings.CA_FILE) as context:
        yield context


@pytest.fixture(scope="module")
def password(deployment) -> str:
    return viewer.create_user(PERSON)


def sign_in(page: Page, password: str) -> None:
    browser.wait_for_login(page)
    browser.sign_in(page, PERSON, password)
    page.wait_for_function("() => window.viewer !== undefined", timeout=60_000)


@pytest.fixture(scope="module")
def signed_in(chromium, password) -> Any:
    """The cookies of a browser in which the person has signed in."""
    page = chromium.new_page()
    page.goto(viewer.SITE)
    sign_in(page, password)
    return chromium.storage_state()


@pytest.fixture
def tab(chromium, signed_in) -> Iterator[Page]:
    """A tab of a browser with these cookies and nothing in its cache."""
    context = chromium.browser.new_context(viewport=browser.VIEWPORT, storage_state=signed_in)
    with contextlib.closing(context):
        yield context.new_page()


def banner(page: Page) -> Locator:
    return page.get_by_role("region", name="Missing data")


def expect_message(page: Page, text: str) -> None:
    expect(banner(page)).to_contain_text(text, timeout=30_000)


def expect_new_page(page: Page) -> None:
    """The old page keeps its message to the end."""
    expect(banner(page)).to_be_hidden(timeout=30_000)


def move(page: Page, z: int) -> None:
    """As turning the mouse wheel does, but to a certain slice."""
    page.evaluate(
        """(z) => { const {position} = viewer.navigationState;
                    position.value = position.value.map((at, axis) => (axis === 2 ? z : at)); }""",
        z + 0.5,
    )


def state(page: Page) -> Any:
    return page.evaluate("viewer.state.toJSON()")


# ---- what happens to cookies in the course of time ----


def give_data_cookies(context: BrowserContext, cookies: dict[str, str], domain: str, path: str) -> None:
    kept = {"domain": domain, "path": path, "secure": True, "httpOnly": True, "sameSite": "Lax"}
    context.add_cookies([{"name": name, "value": value, **kept} for name, value in cookies.items()])


def delete_data_cookies(context: BrowserContext) -> None:
    context.clear_cookies(name=re.compile("^CloudFront-"))


def end_sign_in(context: BrowserContext) -> None:
    """A week later: neither the load balancer nor the login knows the browser any more, and its cookies are no good."""
    context.clear_cookies(name=re.compile("^AWSELBAuthSessionCookie"))
    context.clear_cookies(domain=settings.LOGIN_DOMAIN)
    delete_data_cookies(context)


@pytest.fixture
def let_expire(signing_key, key_pair_id) -> Callable[[BrowserContext], None]:
    def act(context: BrowserContext) -> None:
        cookies = oracle.sign(policy(life=-60), signing_key, key_pair_id)
        give_data_cookies(context, cookies, f".{settings.DOMAIN}", "/")

    return act


def refuse_readably(context: BrowserContext) -> None:
    """Refuse until the renewal, with CORS headers: whether CloudFront's own refusals have them is not documented."""
    renewed: list[Route] = []
    refusal = {
        "status": 403,
        "headers": {"Access-Control-Allow-Origin": viewer.SITE, "Access-Control-Allow-Credentials": "true"},
    }

    def renew(route: Route) -> None:
        renewed.append(route)
        route.continue_()

    context.route(f"{viewer.SITE}/session", renew)
    context.route(f"{viewer.DATA}/**", lambda route: route.continue_() if renewed else route.fulfill(**refusal))


class Requests:
    """What reached the edge since this was made."""

    def __init__(self, deployment) -> None:
        self.deployment, self.before = deployment, len(deployment.edge_log())

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.deployment.edge_log()[self.before :])

    def renewals(self) -> list[int]:
        """The status of each answer of /session."""
        return [entry["status"] for entry in self if entry["path"] == "/session"]

    def data(self) -> list[int]:
        return [entry["status"] for entry in self if entry["part"] == "cdn"]

    def data_after_the_last_renewal(self) -> list[int]:
        entries = list(self)
        last = max(index for index, entry in enumerate(entries) if entry["path"] == "/session")
        return [entry["status"] for entry in entries[last:] if entry["part"] == "cdn"]


# ---- the cookies for the data end ----


def assert_renewed_without_a_word(page: Page, requests: Requests) -> None:
    assert requests.renewals() == [204], "one thread met the refusals, and asked once for all of them"
    assert 403 not in requests.data_after_the_last_renewal()
    expect(banner(page)).to_be_hidden()


@pytest.mark.parametrize("layer", [OME_ZARR, SHARDED, PRECOMPUTED], ids=lambda layer: layer["name"])
def test_expired_cookies_are_renewed_once_and_the_next_slice_is_drawn(tab, deployment, let_expire, layer):
    assert_drawn(tab, layer, LOADED)
    let_expire(tab.context)
    requests = Requests(deployment)
    move(tab, NEW)
    assert_shows(tab, NEW)
    assert 403 in requests.data(), "an expired cookie is refused"
    assert_renewed_without_a_word(tab, requests)


@pytest.mark.parametrize("refuse", [delete_data_cookies, refuse_readably])
def test_so_are_deleted_cookies_and_refusals_that_scripts_can_read(tab, deployment, refuse):
    assert_drawn(tab, PRECOMPUTED, LOADED)
    refuse(tab.context)
    requests = Requests(deployment)
    move(tab, NEW)
    assert_shows(tab, NEW)
    assert_renewed_without_a_word(tab, requests)


@pytest.mark.parametrize("status", [503, 429])
def test_while_nobody_can_tell_who_is_signed_in_no_chunk_is_lost(tab, let_expire, status):
    assert_drawn(tab, PRECOMPUTED, LOADED)
    let_expire(tab.context)
    answers = [status]
    tab.context.route(
        f"{viewer.SITE}/session", lambda route: route.fulfill(status=answers.pop()) if answers else route.continue_()
    )
    move(tab, NEW)
    assert_shows(tab, NEW)
    assert tab.evaluate(FAILED_CHUNKS) == 0
    expect(banner(tab)).to_be_hidden(timeout=30_000)


def test_page_and_worker_renew_each_for_itself(tab, deployment, let_expire):
    """The page reads what a source is made of, the worker its chunks; neither knows of the other's renewal."""
    assert_drawn(tab, PRECOMPUTED, LOADED)
    let_expire(tab.context)
    requests = Requests(deployment)
    tab.goto(neuroglancer.address(viewer.SITE, neuroglancer.view([OME_ZARR], LOADED)))
    assert_shows(tab, LOADED)
    assert_renewed_without_a_word(tab, requests)
    let_expire(tab.context)
    tab.goto(neuroglancer.address(viewer.SITE, neuroglancer.view([PRECOMPUTED], NEW)))
    assert_shows(tab, NEW)
    assert requests.renewals() == [204, 204]
    assert 403 not in requests.data_after_the_last_renewal()


def test_good_cookies_that_are_refused_are_a_message_and_no_loop(tab, deployment, key_pair_id):
    """The key is no longer trusted, say: /session goes on to hand out cookies, and the data domain refuses them."""
    assert_drawn(tab, PRECOMPUTED, LOADED)
    cookies = oracle.sign(policy(), a_foreign_key(), key_pair_id)
    give_data_cookies(tab.context, cookies, settings.DATA_DOMAIN, "/mri")
    requests = Requests(deployment)
    move(tab, NEW)
    expect_message(tab, "You are signed in, but")
    expect_message(tab, PRECOMPUTED["source"]["url"].removeprefix("precomputed://"))
    expect(banner(tab).get_by_role("button", name="Sign in")).to_have_count(0)
    tab.wait_for_timeout(1000)
    assert requests.renewals() == [204, 204], "the worker's, and that of the message"
    assert len(requests.data()) == 16, "each chunk twice"

    tab.context.clear_cookies(domain=settings.DATA_DOMAIN)
    tab.get_by_role("button", name="Try again").click()
    expect_new_page(tab)
    assert_shows(tab, NEW)


# ---- the sign-in ends ----


@pytest.fixture
def ended(tab) -> Page:
    """The person has drawn something, and comes back to the tab when the sign-in has ended."""
    assert_drawn(tab, SHARDED, LOADED)
    tab.goto(neuroglancer.address(viewer.SITE, neuroglancer.view([SHARDED, DRAWING], LOADED)))
    assert_shows(tab, LOADED)
    go_on_after(end_sign_in, tab, NEW)
    return tab


def go_on_after(end: Callable[[BrowserContext], None], page: Page, z: int) -> None:
    end(page.context)
    move(page, z)
    expect_message(page, "Your sign-in has ended")
    assert page.evaluate(FAILED_CHUNKS) > 0, "chunks that failed, not chunks that hold nothing"


def press_sign_in_again(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign in again")).to_be_focused()
    page.keyboard.press("Enter")


def test_after_each_login_the_same_view_is_drawn(ended, password):
    for now, then in ((NEW, LOADED), (LOADED, NEW)):
        before = state(ended)
        assert len(ended.evaluate("location.hash")) > 8 * 1024
        press_sign_in_again(ended)
        browser.wait_for_login(ended)
        assert ended.url.startswith(f"https://{settings.LOGIN_DOMAIN}/")
        assert "#" not in ended.url, "the view is not shown to the login"
        sign_in(ended, password)
        assert_shows(ended, now)
        assert state(ended) == before
        assert ended.evaluate("sessionStorage.length") == 0
        go_on_after(end_sign_in, ended, then)


@contextlib.contextmanager
def short_sign_ins() -> Iterator[None]:
    """Who signs in meanwhile is signed in for one second."""
    elb = settings.client("elbv2")
    (load_balancer,) = elb.describe_load_balancers(Names=[settings.PROJECT])["LoadBalancers"]
    listeners = elb.describe_listeners(LoadBalancerArn=load_balancer["LoadBalancerArn"])["Listeners"]
    (listener,) = [each for each in listeners if each["Port"] == 443]
    short = copy.deepcopy(listener["DefaultActions"])
    short[0]["AuthenticateCognitoConfig"]["SessionTimeout"] = 1
    elb.modify_listener(ListenerArn=listener["ListenerArn"], DefaultActions=short)
    try:
        time.sleep(settings.EDGE_CACHE_SECONDS + 0.5)
        yield
    finally:
        elb.modify_listener(ListenerArn=listener["ListenerArn"], DefaultActions=listener["DefaultActions"])


@pytest.fixture
def passed_sign_in(chromium, password) -> list[dict[str, Any]]:
    """The cookies of a sign-in whose time is over: the load balancer answers them with a redirect, not with 401."""
    with short_sign_ins(), contextlib.closing(chromium.browser.new_context()) as other:
        page = other.new_page()
        page.goto(f"{viewer.SITE}/login")
        browser.wait_for_login(page)
        browser.sign_in(page, PERSON, password)
        page.wait_for_url(f"{viewer.SITE}/**")
        cookies = [each for each in other.cookies() if each["name"].startswith("AWSELBAuthSessionCookie")]
    time.sleep(1)
    return cookies


def test_a_sign_in_whose_time_is_over_is_no_missing_connection(tab, deployment, passed_sign_in):
    assert_drawn(tab, PRECOMPUTED, LOADED)
    requests = Requests(deployment)
    tab.context.add_cookies(passed_sign_in)
    go_on_after(delete_data_cookies, tab, NEW)
    assert requests.renewals() == [302, 302], "the worker's, and that of the message"
    press_sign_in_again(tab)
    # The login itself still knows the person: nothing to type.
    expect_new_page(tab)
    assert_shows(tab, NEW)


def test_a_login_in_another_tab_ends_the_message(ended, password):
    before = state(ended)
    other = ended.context.new_page()
    with ended.expect_event("load", timeout=60_000):
        other.goto(viewer.SITE)
        sign_in(other, password)
    expect_new_page(ended)
    assert_shows(ended, NEW)
    assert state(ended) == before


def test_offline_and_online_again(tab):
    assert_drawn(tab, SHARDED, LOADED)
    tab.context.set_offline(True)
    move(tab, NEW)
    expect_message(tab, "you seem to be offline")
    before = state(tab)
    tab.evaluate("window.sameAsBefore = true")
    tab.context.set_offline(False)
    expect(banner(tab)).to_be_hidden(timeout=30_000)
    assert_shows(tab, NEW)
    assert state(tab) == before
    assert tab.evaluate("window.sameAsBefore"), "the viewer asks again by itself"


def test_the_message_over_the_viewer_with_keyboard_and_screen_reader(ended):
    viewing = ended.locator(".neuroglancer-viewer")
    expect(ended.get_by_role("alert")).to_have_count(1)
    expect(viewing).to_be_focused()
    expect(ended).to_have_title("Signed out - Neuroglancer")
    assert oracle.inaccessible(ended, "#banner") == []
    for name in ("Sign in again", "Dismiss"):
        ended.keyboard.press("Tab")
        expect(ended.get_by_role("button", name=name)).to_be_focused()
    ended.keyboard.press("Escape")
    expect(banner(ended)).to_be_hidden()
    expect(viewing).to_be_focused()
    expect(ended).to_have_title("Neuroglancer")
