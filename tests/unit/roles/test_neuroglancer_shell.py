"""The public page in a real browser, with a viewer that only says that it was started, and where."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests import chromium, oracle

BUILD = Path(__file__).parents[3] / "roles/neuroglancer/files/build"
VIEW = '#!{"layers":["a b"]}'
SET = {
    "credentials_origins": ["https://data.example.org"],
    "default_state": {"layers": ["mouse 7"]},
    "state_servers": {"lab": {"url": "https://states.example.org"}},
    "credit_links": [{"text": "cite", "url": "https://lab.example.org"}],
}
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json"}


@dataclass
class Site:
    """What the load balancer and the web server would answer."""

    url: str = ""
    session_url: str = "/session"
    signed_in: bool = False
    refusal: int = 401
    login_helps: bool = True
    login_asks: bool = False
    sign_out_url: str = "/logout"
    # A web server may give what is set to everybody; what it answers in its place, if anything.
    settings_are_public: bool = False
    no_settings: tuple[int, str] | None = None
    viewer: str = "window.startedAt = location.href.split('#')[1] ?? '';"
    asked: list[str] = field(default_factory=list)

    def steps(self) -> list[str]:
        """What was asked for, without the files of the page."""
        return [path for path in self.asked if path in ("/session", "/login", "/viewer.js")]

    def settings(self) -> str:
        urls = {"session_url": self.session_url, "login_url": "/login", "sign_out_url": self.sign_out_url}
        return json.dumps({**urls, **SET, "title": "Lab <1>"})

    def answer(self, path: str) -> tuple[int, dict[str, str], str]:
        self.asked.append(path)
        if path == "/settings.json":
            return self.answer_settings()
        if path == (self.session_url or "/session"):
            return (204 if self.signed_in else self.refusal), {"Location": "/elsewhere"}, ""
        if path == "/login" and self.login_asks:
            return 200, {"Content-Type": "text/html"}, "<a href='/back'>Let me in</a>"
        if path in ("/login", "/back"):
            self.signed_in = self.login_helps
            return 302, {"Location": "/"}, ""
        if path == "/elsewhere":
            return 200, {}, "a login page on this host"
        return self.file("/index.html" if path == "/" else path)

    def answer_settings(self) -> tuple[int, dict[str, str], str]:
        if self.no_settings:
            return self.no_settings[0], {"Content-Type": "application/json"}, self.no_settings[1]
        if self.signed_in or self.settings_are_public:
            return 200, {"Content-Type": "application/json"}, self.settings()
        return self.refusal, {"Location": "/elsewhere"}, ""

    def file(self, path: str) -> tuple[int, dict[str, str], str]:
        made = {"/viewer.js": self.viewer}
        file = BUILD / path[1:]
        if path not in made and not file.is_file():
            return 404, {}, ""
        return 200, {"Content-Type": KINDS.get(file.suffix, "text/plain")}, made.get(path) or file.read_text()


@pytest.fixture
def site() -> Iterator[Site]:
    it = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = it.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    it.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield it
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium.browser() as started:
        yield started


@pytest.fixture
def context(browser: Any) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def started_at(page: Page) -> str:
    page.wait_for_function("window.startedAt !== undefined")
    return "#" + page.evaluate("decodeURIComponent(window.startedAt)")


def test_signed_in_the_viewer_starts_at_the_view_of_the_address(site: Site, page: Page) -> None:
    site.signed_in = True
    page.goto(site.url + VIEW)
    assert started_at(page) == VIEW
    expect(page.locator("#shell")).to_have_count(0)
    assert "/login" not in site.asked


@pytest.mark.parametrize("refusal", [302, 401, 403, 404])
def test_signed_out_the_view_survives_the_login(site: Site, page: Page, refusal: int) -> None:
    site.refusal = refusal
    page.goto(site.url + VIEW)
    assert started_at(page) == VIEW
    assert site.steps() == [
        "/session",
        "/login",
        "/session",
        "/viewer.js",
    ]
    assert page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("size", [30_000, 1_000_000])
def test_so_does_a_long_one(site: Site, page: Page, size: int) -> None:
    view = f'#!{{"layers":["{"x" * size}"]}}'
    page.goto(site.url + view)
    assert started_at(page) == view
    assert site.asked.count("/login") == 1


def test_a_login_that_does_not_help_ends_in_a_message_not_in_a_loop(site: Site, page: Page) -> None:
    site.login_helps = False
    page.goto(site.url + VIEW)
    expect(page.get_by_role("status")).to_contain_text("not signed in")
    expect(page).to_have_title("Signed out - Neuroglancer")
    assert oracle.inaccessible(page) == []
    assert site.asked.count("/login") == 1
    assert "/viewer.js" not in site.asked

    site.login_helps = True
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    page.keyboard.press("Enter")
    assert started_at(page) == VIEW


@pytest.mark.parametrize("status", [500, 503, 561])
def test_a_site_in_trouble_is_not_taken_for_a_missing_login(site: Site, page: Page, status: int) -> None:
    site.refusal = status
    page.goto(site.url + VIEW)
    expect(page.get_by_role("status")).to_contain_text("cannot be reached")
    assert not {"/login", "/viewer.js"} & set(site.asked)
    site.signed_in = True
    page.get_by_role("button", name="Try again").click()
    assert started_at(page) == VIEW


# Playwright gives every tab the focus.
UNFOCUSED = "document.hasFocus = () => false;"
TABS = [f'#!{{"layers":["{number}"]}}' for number in range(5)]


@pytest.mark.parametrize("asks", [False, True], ids=["the provider knows the person", "the provider asks"])
def test_of_five_tabs_one_goes_to_the_login_and_all_show_their_views(
    site: Site, context: BrowserContext, asks: bool
) -> None:
    site.login_asks = asks
    context.add_init_script(UNFOCUSED)
    pages = [context.new_page() for _view in TABS]
    for page, view in zip(pages, TABS, strict=True):
        page.goto(site.url + view, wait_until="commit")
    if asks:
        (first,) = [page for page in pages if wait_for_login(page)]
        for page in pages:
            expect(page.get_by_role("status") if page != first else page.get_by_role("link")).to_be_visible()
        assert site.asked.count("/login") == 1
        first.get_by_role("link", name="Let me in").click()
    assert [started_at(page) for page in pages] == TABS
    assert site.asked.count("/login") == 1


def wait_for_login(page: Page) -> bool:
    """Whether it is this tab that has come to the login."""
    expect(page.get_by_role("link", name="Let me in").or_(page.get_by_text("Another tab"))).to_be_visible()
    return page.get_by_role("link", name="Let me in").count() > 0


def test_a_tab_that_waits_can_go_to_the_login_all_the_same(site: Site, context: BrowserContext) -> None:
    site.login_asks = True
    context.add_init_script(UNFOCUSED)
    first, second = context.new_page(), context.new_page()
    first.goto(site.url + TABS[0])
    expect(first.get_by_role("link", name="Let me in")).to_be_visible()
    second.goto(site.url + TABS[1])
    assert oracle.inaccessible(second) == []
    second.get_by_role("button", name="Sign in here").click()
    second.get_by_role("link", name="Let me in").click()
    assert started_at(second) == TABS[1]


def test_a_tab_that_is_looked_at_does_not_wait_for_one_that_was_closed(site: Site, context: BrowserContext) -> None:
    site.login_asks = True
    first, second = context.new_page(), context.new_page()
    first.goto(site.url + TABS[0])
    expect(first.get_by_role("link", name="Let me in")).to_be_visible()
    first.close()
    second.goto(site.url + TABS[1])
    expect(second.get_by_role("link", name="Let me in")).to_be_visible(timeout=10_000)


HIDDEN = """Object.defineProperty(document, "hidden", { configurable: true, get: () => !window.seen });
            document.hasFocus = () => window.seen === true;"""


def test_a_tab_that_nobody_sees_goes_nowhere(site: Site, context: BrowserContext) -> None:
    context.add_init_script(HIDDEN)
    page = context.new_page()
    page.goto(site.url + VIEW)
    expect(page.get_by_role("status")).to_contain_text("Another tab")
    page.wait_for_timeout(4000)
    assert site.steps() == ["/session"]
    page.evaluate("window.seen = true; document.dispatchEvent(new Event('visibilitychange'))")
    assert started_at(page) == VIEW
    assert site.asked.count("/login") == 1


@pytest.mark.parametrize("path", ["/session", "/settings.json"])
def test_too_many_at_once_is_said_and_tried_again(site: Site, page: Page, path: str) -> None:
    page.clock.install()
    site.signed_in = True
    page.route(f"**{path}", lambda route: route.fulfill(status=429))
    page.goto(site.url + VIEW)
    expect(page.get_by_role("status")).to_contain_text("Too many requests")
    assert not {"/login", "/viewer.js"} & set(site.asked)
    page.unroute(f"**{path}")
    page.clock.fast_forward(10_000)
    assert started_at(page) == VIEW


@pytest.mark.parametrize(
    ("path", "said"), [("/session", "cannot be reached"), ("/settings.json", "could not be started")]
)
def test_what_never_answers_is_given_up(site: Site, page: Page, path: str, said: str) -> None:
    site.signed_in = True
    page.add_init_script(
        """const { timeout } = AbortSignal; AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms / 50);"""
    )
    page.route(f"**{path}", lambda _route: None)
    page.goto(site.url + VIEW)
    expect(page.get_by_role("status")).to_contain_text(said)


def test_while_it_opens_the_page_is_accessible(site: Site, page: Page) -> None:
    page.route("**/session", lambda _route: None)
    page.goto(site.url)
    expect(page.get_by_role("status")).to_have_text("Opening the viewer…")
    assert oracle.inaccessible(page) == []


def test_a_new_address_wins_over_the_kept_view(site: Site, page: Page) -> None:
    site.login_helps = False
    page.goto(site.url + VIEW)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    site.signed_in = True
    page.goto("about:blank")
    page.goto(site.url + "#!{}")
    assert started_at(page) == "#!{}"


BAR = """document.body.insertAdjacentHTML("beforeend",
           '<div class="neuroglancer-viewer-top-row" style="background: #222">position</div>');"""


# As Neuroglancer's own bar: its items are as high as it, keep their width, and the position's fields keep Tab.
FULL_BAR = """
const field = '<input class="neuroglancer-position-dimension-coordinate" style="width: 60px">';
const button = '<div style="flex: none; width: 22px">b</div>';
document.body.insertAdjacentHTML("beforeend", `
  <div class="neuroglancer-viewer-top-row" style="display: flex; align-items: stretch; background: #222">
    <div class="neuroglancer-position-widget" style="flex: none">${field}${field}
      <input class="neuroglancer-position-dimension-name" disabled></div>
    <p>a text of several lines, so that the bar is high</p>${button.repeat(9)}
  </div>`);
document.querySelector(".neuroglancer-position-widget").addEventListener("keydown", (event) => {
  if (event.key !== "Tab") return;
  event.preventDefault();
  (event.shiftKey ? event.target.previousElementSibling : event.target.nextElementSibling)?.focus();
});"""


@pytest.fixture
def barred(site: Site, page: Page) -> Page:
    site.signed_in, site.viewer = True, site.viewer + FULL_BAR
    page.goto(site.url + VIEW)
    started_at(page)
    return page


def test_tab_leads_out_of_the_fields_of_the_position(barred: Page) -> None:
    fields = barred.locator(".neuroglancer-position-dimension-coordinate")
    fields.first.focus()
    barred.keyboard.press("Tab")
    expect(fields.last).to_be_focused()
    barred.keyboard.press("Tab")
    expect(barred.get_by_role("link", name="Sign out")).to_be_focused()
    barred.keyboard.press("Shift+Tab")
    expect(fields.last).to_be_focused()
    barred.keyboard.press("Shift+Tab")
    expect(fields.first).to_be_focused()
    barred.keyboard.press("Shift+Tab")
    expect(fields.first).not_to_be_focused()


@pytest.mark.parametrize("width", [320, 360, 640, 1280])
def test_signing_out_is_in_sight_in_every_window(barred: Page, width: int) -> None:
    barred.set_viewport_size({"width": width, "height": 640})
    link = barred.get_by_role("link", name="Sign out")
    expect(link).to_be_in_viewport(ratio=1)
    link.click(trial=True)
    if width == 1280:
        middles = [part.bounding_box() for part in (link, barred.locator(".neuroglancer-viewer-top-row"))]
        link_middle, bar_middle = (box["y"] + box["height"] / 2 for box in middles)
        assert abs(link_middle - bar_middle) <= 1


@pytest.mark.parametrize("sign_out_url", ["/logout", ""])
def test_the_viewers_bar_leads_out(site: Site, page: Page, sign_out_url: str) -> None:
    site.signed_in, site.sign_out_url, site.viewer = True, sign_out_url, site.viewer + BAR
    page.goto(site.url + VIEW)
    started_at(page)
    expect(page.locator("#shell")).to_have_count(0)
    link = page.get_by_role("link", name="Sign out")
    expect(link).to_have_count(1 if sign_out_url else 0)
    if sign_out_url:
        assert oracle.inaccessible(page, ".neuroglancer-viewer-top-row") == []
        page.keyboard.press("Tab")
        expect(link).to_be_focused()
        with page.expect_request(f"{site.url}logout"):
            page.keyboard.press("Enter")


def test_without_a_session_url_the_viewer_starts_whatever_the_session_says(site: Site, page: Page) -> None:
    site.session_url, site.settings_are_public = "", True
    page.goto(site.url + VIEW)
    assert started_at(page) == VIEW
    assert "/login" not in site.asked


@pytest.mark.parametrize("signed_in", [True, False])
def test_another_session_url_counts_as_soon_as_it_is_known(site: Site, page: Page, signed_in: bool) -> None:
    site.session_url, site.settings_are_public, site.signed_in = "/api/session", True, signed_in
    page.goto(site.url + VIEW)
    assert started_at(page) == VIEW
    assert site.asked.count("/login") == (0 if signed_in else 1)


HANDED = """{
  NEUROGLANCER_CREDENTIALS, NEUROGLANCER_DEFAULT_STATE_FRAGMENT, NEUROGLANCER_CREDIT_LINK, STATE_SERVERS
}"""


def test_the_viewer_finds_what_is_set_when_it_is_loaded(site: Site, page: Page) -> None:
    site.signed_in, site.viewer = True, f"window.handed = {HANDED}; {site.viewer}"
    page.goto(site.url)
    started_at(page)
    tab = page.evaluate("window.handed.NEUROGLANCER_CREDENTIALS.tab")
    assert page.evaluate("window.handed") == {
        "NEUROGLANCER_CREDENTIALS": {"origins": SET["credentials_origins"], "renewUrl": "/session", "tab": tab},
        "NEUROGLANCER_DEFAULT_STATE_FRAGMENT": urllib.parse.quote('{"layers":["mouse 7"]}'),
        "NEUROGLANCER_CREDIT_LINK": SET["credit_links"],
        "STATE_SERVERS": SET["state_servers"],
    }
    expect(page).to_have_title("Lab <1>")


@pytest.mark.parametrize(("held_up", "other"), [("session", "settings.json"), ("settings.json", "session")])
def test_what_is_set_and_who_is_signed_in_are_asked_for_at_the_same_time(
    site: Site, page: Page, held_up: str, other: str
) -> None:
    page.route(f"**/{held_up}", lambda _route: None)
    with page.expect_request(f"**/{other}"):
        page.goto(site.url)


def test_each_is_asked_for_once(site: Site, page: Page) -> None:
    site.signed_in = True
    page.goto(site.url)
    started_at(page)
    assert (site.asked.count("/session"), site.asked.count("/settings.json")) == (1, 1)


def test_signed_out_the_page_knows_nothing_that_is_set(site: Site, page: Page) -> None:
    site.login_helps = False
    page.goto(site.url)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert "Lab <1>" not in page.content() + page.title()
    assert page.evaluate("typeof NEUROGLANCER_CREDENTIALS") == "undefined"


NO_SETTINGS = {
    "refused": (401, ""),
    "led to a login": (302, ""),
    "missing": (404, ""),
    "the server in trouble": (503, ""),
    "a login page": (200, "<!doctype html>"),
    "cut short": (200, '{"title": "Lab'),
}


@pytest.mark.parametrize("answer", NO_SETTINGS.values(), ids=NO_SETTINGS)
def test_without_what_is_set_there_is_no_viewer(site: Site, page: Page, answer: tuple[int, str]) -> None:
    site.signed_in, site.no_settings = True, answer
    page.goto(site.url + VIEW)
    expect(page.get_by_role("status")).to_contain_text("could not be started")
    assert not {"/login", "/viewer.js"} & set(site.asked)
    site.no_settings = None
    page.get_by_role("button", name="Reload").click()
    assert started_at(page) == VIEW


def test_a_viewer_that_fails_leaves_a_message(site: Site, page: Page) -> None:
    site.signed_in, site.viewer = True, "throw new Error('no WebGL');"
    page.goto(site.url)
    expect(page.get_by_role("status")).to_contain_text("could not be started")


def refuse(page: Page, times: int = 1, folder: str = "c", session: str = "signed-out") -> None:
    """What credentials.js tells for each refused chunk."""
    page.evaluate(
        """([times, folder, session]) => {
          const channel = new BroadcastChannel("neuroglancer-auth");
          const told = { tab: NEUROGLANCER_CREDENTIALS.tab, session };
          const url = `https://data.example.org/${folder}/`;
          for (let i = 0; i < times; ++i) channel.postMessage({ ...told, url: url + i });
        }""",
        [times, folder, session],
    )


def post(page: Page, **message: Any) -> None:
    page.evaluate("""(message) => new BroadcastChannel("neuroglancer-auth").postMessage(message)""", message)


def tell_loaded(page: Page) -> None:
    post(page, tab=page.evaluate("NEUROGLANCER_CREDENTIALS.tab"), loaded=True)


def shown_again(page: Page, act: Callable[[], Any]) -> str:
    """The view with which the viewer starts once more, because of `act`."""
    page.evaluate("delete window.startedAt")
    act()
    return started_at(page)


@pytest.fixture
def viewing(site: Site, page: Page) -> Page:
    """A tab that has been open for hours, in which the person is drawing."""
    page.clock.install()
    site.signed_in = True
    site.viewer += """document.body.insertAdjacentHTML("beforeend", "<button>Draw</button> <button>Erase</button>");
                      document.querySelector("body > button").focus();"""
    page.goto(site.url + VIEW)
    started_at(page)
    site.asked.clear()
    return page


ENDED, OFFLINE, FORBIDDEN = "Your sign-in has ended", "you seem to be offline", "You are signed in, but"
BUSY = "Too many requests come from where you are"


@pytest.mark.parametrize(
    ("status", "said", "title", "action"),
    [
        pytest.param(401, ENDED, "Signed out", "Sign in again", id="never signed in"),
        pytest.param(302, ENDED, "Signed out", "Sign in again", id="the sign-in is over"),
        pytest.param(403, ENDED, "Signed out", "Sign in again", id="nobody that the web server knows"),
        pytest.param(503, OFFLINE, "No connection", "Try again", id="no cookies to be had"),
        pytest.param(None, OFFLINE, "No connection", "Try again", id="no network"),
        pytest.param(429, BUSY, "Too many at once", "Try again", id="too many at once"),
        pytest.param(204, FORBIDDEN, "Data missing", "Try again", id="the sign-in is in order"),
    ],
)
def test_many_refusals_are_one_banner_that_tells_the_cause(
    site: Site, viewing: Page, status: int | None, said: str, title: str, action: str
) -> None:
    viewing.context.set_offline(status is None)
    site.signed_in, site.refusal = status == 204, status or 0
    refuse(viewing, 300)
    expect(viewing.get_by_role("alert")).to_contain_text(said)
    expect(viewing).to_have_title(f"{title} - Lab <1>")
    expect(banner(viewing).get_by_role("button")).to_have_text([action, "Dismiss"])
    expect(viewing.get_by_role("button", name="Draw")).to_be_focused()
    assert oracle.inaccessible(viewing, "#banner") == []
    viewing.wait_for_timeout(100)
    assert site.steps() == ([] if status is None else ["/session"])


def banner(page: Page) -> Locator:
    return page.get_by_role("region", name="Missing data")


def test_the_banner_leads_to_the_login_and_back_to_the_view(site: Site, viewing: Page) -> None:
    site.signed_in = False
    refuse(viewing)
    again = viewing.get_by_role("button", name="Sign in again")
    assert shown_again(viewing, again.click) == VIEW
    assert site.asked.count("/login") == 1
    expect(banner(viewing)).to_be_hidden()


def test_who_may_not_see_the_data_is_told_which_and_is_not_led_in_circles(site: Site, viewing: Page) -> None:
    refuse(viewing, session="signed-in")
    expect(banner(viewing)).to_contain_text("https://data.example.org/c/0")
    viewing.clock.fast_forward(600_000)
    viewing.evaluate("dispatchEvent(new Event('online'))")
    other = viewing.context.new_page()
    other.goto(site.url)
    started_at(other)
    viewing.wait_for_timeout(200)
    assert site.asked.count("/viewer.js") == 1, "only that of the other tab"
    assert shown_again(viewing, viewing.get_by_role("button", name="Try again").click) == VIEW
    assert "/login" not in site.asked


@pytest.mark.parametrize("dismissed", [False, True])
def test_the_login_of_another_tab_brings_the_data_back(site: Site, viewing: Page, dismissed: bool) -> None:
    site.signed_in = False
    refuse(viewing)
    expect(banner(viewing)).to_be_visible()
    if dismissed:
        viewing.get_by_role("button", name="Dismiss").click()
    site.signed_in = True
    assert shown_again(viewing, lambda: viewing.context.new_page().goto(site.url)) == VIEW
    expect(banner(viewing)).to_be_hidden()


def test_so_does_a_login_of_which_nobody_tells(site: Site, viewing: Page) -> None:
    site.signed_in = False
    refuse(viewing)
    expect(banner(viewing)).to_be_visible()
    site.signed_in = True
    assert shown_again(viewing, lambda: viewing.evaluate("dispatchEvent(new Event('focus'))")) == VIEW


def test_back_online_the_viewer_goes_on_without_being_loaded_anew(viewing: Page) -> None:
    viewing.clock.pause_at("2100-01-01")
    viewing.context.set_offline(True)
    title = viewing.title()
    refuse(viewing, session="no-answer")
    expect(banner(viewing)).to_contain_text(OFFLINE)
    viewing.evaluate("delete window.startedAt")
    viewing.context.set_offline(False)
    expect(banner(viewing)).to_be_hidden()
    expect(viewing).to_have_title(title)
    assert viewing.evaluate("window.startedAt") is None


def test_after_a_long_time_offline_it_is_loaded_anew(viewing: Page) -> None:
    """The viewer itself has given up by then."""
    viewing.context.set_offline(True)
    refuse(viewing, session="no-answer")
    expect(banner(viewing)).to_contain_text(OFFLINE)
    viewing.clock.fast_forward(130_000)
    assert shown_again(viewing, lambda: viewing.context.set_offline(False)) == VIEW


@pytest.mark.parametrize("status", [503, 429])
def test_when_data_loads_again_the_banner_goes(site: Site, viewing: Page, status: int) -> None:
    site.signed_in, site.refusal = False, status
    refuse(viewing, session="no-answer")
    expect(banner(viewing)).to_be_visible()
    site.signed_in = True
    tell_loaded(viewing)
    expect(banner(viewing)).to_be_hidden()


def test_what_was_over_before_it_was_told_is_no_banner(site: Site, viewing: Page) -> None:
    refuse(viewing, session="no-answer")
    viewing.wait_for_timeout(200)
    assert site.steps() == ["/session"]
    expect(banner(viewing)).to_be_hidden()


def test_only_the_tab_that_lacks_data_says_so(site: Site, viewing: Page) -> None:
    other = viewing.context.new_page()
    other.goto(site.url + VIEW)
    started_at(other)
    refuse(viewing, session="signed-in")
    expect(banner(viewing)).to_contain_text(FORBIDDEN)
    other.wait_for_timeout(200)
    expect(banner(other)).to_be_hidden()


def test_signing_out_is_told_to_all_tabs(site: Site, viewing: Page) -> None:
    site.viewer += BAR
    other = viewing.context.new_page()
    other.goto(site.url + VIEW)
    started_at(other)
    other.get_by_role("link", name="Sign out").click()
    expect(banner(viewing)).to_contain_text(ENDED)


def test_a_site_in_trouble_is_asked_now_and_then(site: Site, viewing: Page) -> None:
    site.signed_in, site.refusal = False, 503
    refuse(viewing)
    expect(banner(viewing)).to_contain_text(OFFLINE)
    viewing.get_by_role("button", name="Try again").click()
    expect(banner(viewing)).to_contain_text(OFFLINE)
    assert site.steps() == ["/session"] * 2
    site.refusal = 401
    viewing.clock.fast_forward(15_000)
    expect(banner(viewing)).to_contain_text(ENDED)
    viewing.clock.fast_forward(600_000)
    viewing.wait_for_timeout(100)
    assert site.steps() == ["/session"] * 3, "a login under way is not disturbed"


def test_what_became_of_the_cause_is_told(site: Site, viewing: Page) -> None:
    refuse(viewing)
    expect(banner(viewing)).to_contain_text(FORBIDDEN)
    site.signed_in = False
    viewing.clock.fast_forward(31_000)
    refuse(viewing)
    expect(banner(viewing)).to_contain_text(ENDED)
    expect(banner(viewing)).not_to_contain_text("data.example.org")


def test_a_dismissed_banner_stays_away_for_a_minute(site: Site, viewing: Page) -> None:
    site.signed_in = False
    title = viewing.title()
    refuse(viewing)
    viewing.get_by_role("button", name="Dismiss").click()
    expect(viewing).to_have_title(title)
    viewing.clock.fast_forward(50_000)
    refuse(viewing, 50)
    viewing.wait_for_timeout(200)
    expect(banner(viewing)).to_be_hidden()
    viewing.clock.fast_forward(11_000)
    refuse(viewing, 50)
    expect(viewing.get_by_role("alert")).to_contain_text(ENDED)


def test_the_banner_is_said_once(site: Site, viewing: Page) -> None:
    viewing.evaluate("""() => { window.said = [];
        new MutationObserver(() => said.push(document.querySelector("[role=alert]").textContent))
          .observe(document.querySelector("[role=alert]"), {childList: true, characterData: true, subtree: true}); }""")
    site.signed_in = False
    for _turn in range(3):
        refuse(viewing, 100)
        expect(banner(viewing)).to_be_visible()
        viewing.wait_for_timeout(100)
        viewing.clock.fast_forward(31_000)
    assert site.steps() == ["/session"] * 3
    assert len(viewing.evaluate("said")) == 1


def test_with_the_keyboard_alone(site: Site, viewing: Page) -> None:
    site.signed_in = False
    draw = viewing.get_by_role("button", name="Draw")
    refuse(viewing)
    expect(banner(viewing)).to_be_visible()
    expect(draw).to_be_focused()
    for focused in ("Sign in again", "Dismiss"):
        viewing.keyboard.press("Tab")
        expect(viewing.get_by_role("button", name=focused)).to_be_focused()
    viewing.keyboard.press("Escape")
    expect(banner(viewing)).to_be_hidden()
    expect(draw).to_be_focused()
    viewing.keyboard.press("Tab")
    expect(viewing.get_by_role("button", name="Erase")).to_be_focused()


def test_the_keyboard_is_led_to_the_banner_only_once(site: Site, viewing: Page) -> None:
    site.signed_in = False
    refuse(viewing)
    expect(banner(viewing)).to_be_visible()
    erase = viewing.get_by_role("button", name="Erase")
    erase.focus()
    viewing.keyboard.press("Tab")
    expect(viewing.get_by_role("button", name="Sign in again")).to_be_focused()
    viewing.get_by_role("button", name="Draw").focus()
    viewing.keyboard.press("Tab")
    expect(erase).to_be_focused()


@pytest.mark.parametrize(("width", "height"), [(320, 256), (320, 568), (640, 400), (1280, 800)])
def test_small_windows_and_large_text(site: Site, viewing: Page, width: int, height: int) -> None:
    """A window of 1280 x 1024 at 400 % has 320 x 256, one of 1280 x 800 at 200 % has 640 x 400."""
    viewing.set_viewport_size({"width": width, "height": height})
    refuse(viewing, folder="m" * 300)
    expect(banner(viewing)).to_contain_text(FORBIDDEN)
    for part in [banner(viewing), *banner(viewing).get_by_role("button").all()]:
        part.scroll_into_view_if_needed()
        expect(part).to_be_in_viewport(ratio=1)
    assert viewing.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert banner(viewing).evaluate("(it) => it.scrollWidth <= it.clientWidth")


def test_without_a_login_there_is_no_banner(site: Site, page: Page) -> None:
    site.session_url, site.settings_are_public = "", True
    page.goto(site.url)
    started_at(page)
    refuse(page)
    page.wait_for_timeout(200)
    expect(banner(page)).to_be_hidden()
