"""The gate in front of the cookies: who is on the list, what the others see, and the way out."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from sandbox import settings
from sandbox.demo import browser, viewer, volumes
from tests import oracle
from tests.e2e.inside import access_log, on_the_host

pytestmark = pytest.mark.usefixtures("quiet")
LISTED, STRANGER = f"hedy@{settings.DOMAIN}", "eve@elsewhere.example"
OURS = ("AWSELBAuthSession", "CloudFront-")


@pytest.fixture
def chromium(deployment) -> Iterator[BrowserContext]:
    """A browser that never was here."""
    with browser.chromium(settings.CA_FILE) as context:
        yield context


@pytest.fixture
def page(chromium) -> Page:
    page = chromium.new_page()
    page.goto(viewer.SITE)
    browser.wait_for_login(page)
    return page


def of_sign_in(chromium: BrowserContext) -> set[str]:
    return {cookie["name"] for cookie in chromium.cookies() if cookie["name"].startswith(OURS)}


def test_who_is_on_the_list_comes_in_by_name_and_goes_out_for_good(page, chromium):
    browser.sign_in(page, LISTED, viewer.create_user(LISTED))
    page.wait_for_function("() => window.viewer !== undefined", timeout=60_000)
    answers = [(line["uri"], line["status"]) for line in access_log() if line["person"] == LISTED]
    assert ("/login", 302) in answers
    assert ("/session", 204) in answers

    page.get_by_role("link", name="Sign out").click()
    page.wait_for_url(f"{viewer.SITE}/signed-out")
    expect(page.get_by_role("heading")).to_have_text("Signed out")
    assert oracle.inaccessible(page) == []
    assert of_sign_in(chromium) == set()
    assert page.goto(f"{viewer.DATA}/{volumes.NIFTI_KEY}").status == 403
    assert page.goto(f"{viewer.SITE}/session").status == 401

    # Not back in without a password: the login's own session is over too.
    page.goto(f"{viewer.SITE}/signed-out")
    page.get_by_role("link", name="Sign in again").click()
    browser.wait_for_login(page)


@pytest.fixture
def no_list_at_the_login(deployment) -> Iterator[None]:
    """The function lets in all users of the pool, the gate on the host goes by the list."""
    function, name = settings.client("lambda"), {"FunctionName": f"{settings.PROJECT}-sign-in"}
    held = function.get_function_configuration(**name)["Environment"]
    everybody = {"ALLOWED": json.dumps({"domains": [], "emails": []})}
    function.update_function_configuration(**name, Environment={"Variables": everybody})
    yield
    function.update_function_configuration(**name, Environment=held)


def test_who_is_not_on_the_list_gets_no_further_than_a_page_that_says_so(no_list_at_the_login, page, chromium):
    password = viewer.create_user(STRANGER)
    with page.expect_response(lambda answer: answer.url == f"{viewer.SITE}/login" and answer.status == 403):
        browser.sign_in(page, STRANGER, password)
    expect(page.get_by_role("heading")).to_have_text("No access")
    expect(page.get_by_role("main")).to_contain_text(f"You are signed in as {STRANGER}")
    assert oracle.inaccessible(page) == []
    assert not [name for name in of_sign_in(chromium) if name.startswith("CloudFront-")]
    assert page.goto(f"{viewer.SITE}/session").status == 403
    assert page.goto(f"{viewer.DATA}/{volumes.NIFTI_KEY}").status == 403
    assert [line["status"] for line in access_log() if line["person"] == STRANGER][-2:] == [403, 403]

    page.goto(f"{viewer.SITE}/login")
    page.get_by_role("link", name="Sign out").click()
    page.wait_for_url(f"{viewer.SITE}/signed-out")
    assert of_sign_in(chromium) == set()


@pytest.mark.parametrize("path", ["/session", "/login", "/settings.json"])
def test_headers_of_ones_own_are_worth_nothing_on_the_host_itself(deployment, path):
    """As from the load balancer's own network: past the listener's rules and past the security group."""
    claim = ["--header", "x-amzn-oidc-identity: me", "--header", "x-amzn-oidc-data: a.b.c"]
    answer = on_the_host("curl", "--silent", "--insecure", "--include", *claim, f"https://localhost:8443{path}")
    assert answer.startswith("HTTP/1.1 401")
    assert "set-cookie" not in answer.lower()


def test_the_journal_tells_why_and_holds_no_token(deployment):
    journal = on_the_host("journalctl", "--unit=session-gate", "--lines=50", "--output=cat", "--no-pager")
    lines = [json.loads(line) for line in journal.splitlines() if line.startswith("{")]
    assert {line["answer"] for line in lines if line["event"] == "request"} >= {204, 401, 403}
    assert "eyJ" not in journal
