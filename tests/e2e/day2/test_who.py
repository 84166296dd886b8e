"""Who may sign in: the list at the first sign-in and at each renewal, the playbook users, and the function's policy."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Response

from sandbox import settings
from sandbox.demo import browser, viewer, volumes
from sandbox.google.accounts import EVE, GRACE, UMA, Person
from tests.e2e.playbook import recap, run

pytestmark = pytest.mark.usefixtures("quiet")
IDENTITY, USERS = "playbooks/identity.yml", "playbooks/users.yml"
FUNCTION = f"{settings.PROJECT}-sign-in"
GUEST = f"guest@{settings.DOMAIN}"
# Cognito's least is five minutes; nobody waits so long here.
TOKEN_SECONDS = 8
SESSION, VOLUME = f"{viewer.SITE}/session", f"{viewer.DATA}/{volumes.NIFTI_KEY}"
# inventories/sandbox lets in the lab's own domain.
SOMEBODY_ELSE = ["-e", json.dumps({"allowed_email_domains": [], "allowed_emails": ["somebody@else.example"]})]
NOT_LISTED = "This address is not on the list of people who may sign in"


class Identity:
    """The playbook identity: not run again where its last run was the same and nothing was changed since."""

    def __init__(self) -> None:
        self.made: tuple[str, ...] | None = ()

    def run(self, *options: str) -> str:
        self.made = None
        said = run([*options, IDENTITY])
        self.made = options
        return said

    def keep(self, *options: str) -> None:
        if self.made != options:
            self.run(*options)

    def touched(self) -> None:
        """Something was changed by hand."""
        self.made = None


@pytest.fixture(scope="module", autouse=True)
def identity(deployment) -> Iterator[Identity]:
    """Afterwards the deployment is as it was, with nobody in the pool who came for these tests."""
    playbook = Identity()
    yield playbook
    playbook.keep()
    forget(GUEST, *(f"Google_{person.sub}" for person in (GRACE, UMA, EVE)))


@pytest.fixture
def with_google(identity) -> None:
    identity.keep(*viewer.WITH_GOOGLE)
    forget(f"Google_{GRACE.sub}")


@pytest.fixture
def without_google(identity) -> None:
    identity.keep()


def forget(*usernames: str) -> None:
    cognito = settings.client("cognito-idp")
    for username in usernames:
        try:
            cognito.admin_delete_user(UserPoolId=viewer.pool_id(), Username=username)
        except cognito.exceptions.UserNotFoundException:
            continue


def usernames() -> set[str]:
    users = settings.client("cognito-idp").list_users(UserPoolId=viewer.pool_id())["Users"]
    return {user["Username"] for user in users}


def shorten_tokens(identity: Identity) -> None:
    """Tokens for seconds instead of an hour, as ministack grants them; the playbook identity puts it back."""
    identity.touched()
    cognito = settings.client("cognito-idp")
    (client,) = cognito.list_user_pool_clients(UserPoolId=viewer.pool_id())["UserPoolClients"]
    units = {"AccessToken": "seconds", "IdToken": "seconds", "RefreshToken": "days"}
    lives = {"AccessTokenValidity": TOKEN_SECONDS, "IdTokenValidity": TOKEN_SECONDS, "TokenValidityUnits": units}
    cognito.update_user_pool_client(UserPoolId=viewer.pool_id(), ClientId=client["ClientId"], **lives)


@pytest.fixture
def chromium() -> Iterator[BrowserContext]:
    with browser.chromium(settings.CA_FILE) as context:
        yield context


@pytest.fixture
def page(chromium) -> Page:
    return chromium.new_page()


def at_the_end_of(page: Page, act: Callable[[], None]) -> Response:
    """What the load balancer answers to the way back from the login."""
    with page.expect_response(lambda each: each.url.startswith(f"{viewer.SITE}/oauth2/idpresponse")) as answer:
        act()
    return answer.value


def come_from_google(page: Page, person: Person) -> Response:
    page.goto(viewer.SITE)
    return at_the_end_of(page, lambda: browser.sign_in_with_google(page, person.name))


def wait_for_viewer(page: Page) -> None:
    page.wait_for_function("() => window.viewer !== undefined", timeout=60_000)


def said(answer: Response) -> str:
    return parse_qs(urlsplit(answer.url).query).get("error_description", [""])[0]


def asked(chromium: BrowserContext, http: httpx.Client, url: str) -> int:
    """The status that the browser would get, before any redirect."""
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in chromium.cookies(url))
    return http.get(url, headers={"Cookie": cookies}).status_code


@pytest.fixture
def session(chromium, http) -> Callable[[], int]:
    return lambda: asked(chromium, http, SESSION)


def assert_is_in(chromium: BrowserContext, http: httpx.Client) -> None:
    assert [asked(chromium, http, url) for url in (SESSION, VOLUME)] == [204, 200]


def assert_got_in_nowhere(chromium: BrowserContext, http: httpx.Client) -> None:
    names = {cookie["name"] for cookie in chromium.cookies()}
    assert not [name for name in names if name.startswith(("AWSELBAuthSession", "CloudFront-"))]
    assert [asked(chromium, http, url) for url in (SESSION, VOLUME)] == [401, 403]


def log() -> list[dict[str, Any]]:
    """What the function wrote down."""
    logs, group = settings.client("logs"), {"logGroupName": f"/aws/lambda/{FUNCTION}"}
    streams = logs.get_paginator("describe_log_streams").paginate(**group).search("logStreams[].logStreamName")
    events = [logs.get_log_events(**group, logStreamName=stream)["events"] for stream in streams]
    return [json.loads(event["message"]) for stream in events for event in stream]


def decisions() -> Counter[tuple[str, str]]:
    return Counter((line["email"], line["decision"]) for line in log())


def test_who_is_on_the_list_comes_in_and_nobody_else(with_google, http):
    before, noted = usernames(), decisions()
    with browser.chromium(settings.CA_FILE) as context:
        page = context.new_page()
        assert come_from_google(page, GRACE).status == 302
        wait_for_viewer(page)
        assert_is_in(context, http)
    for person, why in ((EVE, NOT_LISTED), (UMA, "The identity provider has not verified this address")):
        with browser.chromium(settings.CA_FILE) as context:
            answer = come_from_google(context.new_page(), person)
            assert (answer.status, said(answer)) == (561, f"PreSignUp failed with error {why}.")
            assert_got_in_nowhere(context, http)
    assert usernames() - before == {f"Google_{GRACE.sub}"}
    assert (decisions() - noted).keys() == {(GRACE.email, "let in"), (EVE.email, "refused"), (UMA.email, "refused")}
    assert not {key for line in log() for key in line} - {"decision", "trigger", "user", "email", "refused"}


def test_who_is_taken_off_the_list_is_out_at_the_next_renewal(identity, with_google, chromium, page, http, session):
    shorten_tokens(identity)
    come_from_google(page, GRACE)
    wait_for_viewer(page)
    assert_is_in(chromium, http)
    time.sleep(TOKEN_SECONDS + 1)
    assert session() == 204, "renewed"
    changed = identity.run(*viewer.WITH_GOOGLE, *SOMEBODY_ELSE)
    assert recap(changed)["localhost"]["changed"] == 2, "the list, and the life of tokens"
    time.sleep(TOKEN_SECONDS + 1)
    assert session() == 302, "to the login"
    # The hosted login still knows the browser, and asks the function all the same.
    answer = at_the_end_of(page, lambda: page.goto(f"{viewer.SITE}/login"))
    assert (answer.status, said(answer)) == (561, f"PreTokenGeneration failed with error {NOT_LISTED}.")
    chromium.clear_cookies()
    assert come_from_google(page, GRACE).status == 561
    assert_got_in_nowhere(chromium, http)


def come_with_password(page: Page, user: str, password: str) -> None:
    page.goto(f"{viewer.SITE}/login")
    browser.wait_for_login(page)
    browser.sign_in(page, user, password)


def end_of_cookie(chromium: BrowserContext) -> int:
    """When the data cookie that the browser holds is over, in seconds since 1970."""
    (text,) = [each["value"] for each in chromium.cookies() if each["name"] == "CloudFront-Policy"]
    policy = json.loads(base64.b64decode(text.translate(str.maketrans("-_~", "+=/"))))
    return policy["Statement"][0]["Condition"]["DateLessThan"]["AWS:EpochTime"]


def test_who_is_disabled_is_out_within_the_time_that_is_told(identity, without_google, chromium, page, http, session):
    password = viewer.create_user(GUEST)
    shorten_tokens(identity)
    come_with_password(page, GUEST, password)
    wait_for_viewer(page)
    assert_is_in(chromium, http)

    told = run([USERS, "-e", "do=disable", "-e", f"email={GUEST}"])
    disabled = time.time()
    promise = r"is out within (\d+) minutes \((\d+) for the tokens, (\d+) for the cookies\)"
    total, tokens, cookies = map(int, re.search(promise, " ".join(told.split())).groups())
    assert total == tokens + cookies == 120
    time.sleep(TOKEN_SECONDS + 1)
    assert session() == 302, "the tokens are over, and nobody renews them"
    assert end_of_cookie(chromium) <= disabled + 60 * cookies, "and so are the cookies that were given until now"
    page.goto(f"{viewer.SITE}/login")
    browser.wait_for_login(page)
    browser.sign_in(page, GUEST, password)
    page.get_by_text("disabled").first.wait_for()

    run([USERS, "-e", "do=enable", "-e", f"email={GUEST}"])
    page.goto(f"{viewer.SITE}/login")
    wait_for_viewer(page)
    assert session() == 204


def test_a_list_counts_for_the_pools_own_users_too(identity, chromium, page, http):
    password = viewer.create_user(GUEST)
    identity.run(*SOMEBODY_ELSE)
    come_with_password(page, GUEST, password)
    page.get_by_text(f"PreTokenGeneration failed with error {NOT_LISTED}.").wait_for()
    assert_got_in_nowhere(chromium, http)
    cognito = settings.client("cognito-idp")
    with pytest.raises(cognito.exceptions.UserLambdaValidationException, match=NOT_LISTED):
        cognito.admin_create_user(UserPoolId=viewer.pool_id(), Username=f"other@{settings.DOMAIN}")
    refused = refusal([USERS, *SOMEBODY_ELSE, "-e", "do=invite", "-e", f"email={GUEST}"])
    assert f"{GUEST} could not sign in: {NOT_LISTED}." in refused


def refusal(arguments: list[str]) -> str:
    """What a playbook says that must fail."""
    command = ["ansible-playbook", "-i", "inventories/sandbox", *arguments]
    done = subprocess.run(command, cwd=viewer.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout
    return " ".join((done.stdout + done.stderr).split())


def test_without_its_policy_nobody_signs_in_until_the_next_run(identity, without_google, chromium, page, http):
    password = viewer.create_user(GUEST)
    identity.touched()
    settings.client("lambda").remove_permission(FunctionName=FUNCTION, StatementId="user-pool")
    come_with_password(page, GUEST, password)
    page.get_by_text("PreTokenGeneration invocation failed due to error AccessDeniedException.").wait_for()
    assert_got_in_nowhere(chromium, http)
    assert recap(identity.run())["localhost"]["changed"] == 1
    browser.sign_in(page, GUEST, password)
    wait_for_viewer(page)
    assert_is_in(chromium, http)


def test_inviting_and_the_list_of_people(without_google):
    forget(GUEST)
    invited = run([USERS, "-e", "do=invite", "-e", f"email={GUEST}"])
    assert f"Cognito mails {GUEST} a first password" in " ".join(invited.split())
    listed = run([USERS])
    assert re.search(rf"{GUEST} +FORCE_CHANGE_PASSWORD +Cognito +yes +\d{{4}}-\d\d-\d\dT\d\d:\d\d +yes", listed)
