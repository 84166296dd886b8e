"""The public page in a real browser, with a viewer that only says that it was started, and where."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

BUILD = Path(__file__).parents[2] / "roles/neuroglancer/files/build"
VIEW = '#!{"layers":["a b"]}'
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json"}


@dataclass
class Site:
    """What the load balancer and the web server would answer."""

    url: str = ""
    session_url: str = "/session"
    signed_in: bool = False
    refusal: int = 401
    login_helps: bool = True
    viewer: str = "window.startedAt = location.href.split('#')[1] ?? '';"
    asked: list[str] = field(default_factory=list)

    def settings(self) -> str:
        return json.dumps({"session_url": self.session_url, "login_url": "/login", "credentials_origins": []})

    def answer(self, path: str) -> tuple[int, dict[str, str], str]:
        self.asked.append(path)
        if path == "/session":
            return (204 if self.signed_in else self.refusal), {"Location": "/elsewhere"}, ""
        if path == "/login":
            self.signed_in = self.login_helps
            return 302, {"Location": "/"}, ""
        if path == "/elsewhere":
            return 200, {}, "a login page on this host"
        return self.file("/index.html" if path == "/" else path)

    def file(self, path: str) -> tuple[int, dict[str, str], str]:
        made = {"/settings.json": self.settings(), "/viewer.js": self.viewer}
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
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield it
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=sandbox)
        yield browser
        browser.close()


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


@pytest.mark.parametrize("refusal", [302, 401, 403, 404, 500])
def test_signed_out_the_view_survives_the_login(site: Site, page: Page, refusal: int) -> None:
    site.refusal = refusal
    page.goto(site.url + VIEW)
    assert started_at(page) == VIEW
    assert [path for path in site.asked if path in ("/session", "/login", "/viewer.js")] == [
        "/session",
        "/login",
        "/session",
        "/viewer.js",
    ]
    assert page.evaluate("sessionStorage.length") == 0


def test_a_login_that_does_not_help_ends_in_a_message_not_in_a_loop(site: Site, page: Page) -> None:
    site.login_helps = False
    page.goto(site.url + VIEW)
    expect(page.get_by_role("status")).to_contain_text("not signed in")
    assert site.asked.count("/login") == 1
    assert "/viewer.js" not in site.asked

    site.login_helps = True
    page.get_by_role("button", name="Sign in").click()
    assert started_at(page) == VIEW


def test_a_new_address_wins_over_the_kept_view(site: Site, page: Page) -> None:
    site.login_helps = False
    page.goto(site.url + VIEW)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    site.signed_in = True
    page.goto("about:blank")
    page.goto(site.url + "#!{}")
    assert started_at(page) == "#!{}"


def test_without_a_session_url_the_viewer_starts_at_once(site: Site, page: Page) -> None:
    site.session_url = ""
    page.goto(site.url + VIEW)
    assert started_at(page) == VIEW
    assert not {"/session", "/login"} & set(site.asked)


def test_a_viewer_that_fails_leaves_a_message(site: Site, page: Page) -> None:
    site.signed_in, site.viewer = True, "throw new Error('no WebGL');"
    page.goto(site.url)
    expect(page.get_by_role("status")).to_contain_text("could not be started")


def refuse(page: Page, times: int) -> None:
    """What the viewer's patched fetch does for each refused chunk."""
    page.evaluate(
        """(times) => {
          const channel = new BroadcastChannel("neuroglancer-auth");
          for (let i = 0; i < times; ++i) channel.postMessage({ url: "https://data.example.org/c/" + i });
        }""",
        times,
    )


@pytest.fixture
def viewing(site: Site, page: Page) -> Page:
    page.clock.install()
    site.signed_in = True
    page.goto(site.url + VIEW)
    started_at(page)
    return page


def test_many_refusals_are_one_banner_that_leads_to_the_login_and_back(site: Site, viewing: Page) -> None:
    refuse(viewing, 200)
    expect(viewing.get_by_role("alert")).to_have_count(1)
    site.asked.clear()
    with viewing.expect_navigation(url=lambda url: url.startswith(site.url) and not url.endswith("/login")):
        viewing.get_by_role("button", name="Sign in again").click()
    assert started_at(viewing) == VIEW
    assert site.asked.count("/login") == 1
    expect(viewing.get_by_role("alert")).to_have_count(0)


def test_a_dismissed_banner_stays_away_for_a_minute(viewing: Page) -> None:
    alert = viewing.get_by_role("alert")
    refuse(viewing, 1)
    viewing.get_by_role("button", name="Dismiss").click()
    refuse(viewing, 50)
    viewing.wait_for_timeout(200)
    expect(alert).to_have_count(0)
    viewing.clock.fast_forward(61_000)
    refuse(viewing, 50)
    expect(alert).to_have_count(1)


def test_without_a_login_there_is_no_banner(site: Site, page: Page) -> None:
    site.session_url = ""
    page.goto(site.url)
    started_at(page)
    refuse(page, 1)
    page.wait_for_timeout(200)
    expect(page.get_by_role("alert")).to_have_count(0)
