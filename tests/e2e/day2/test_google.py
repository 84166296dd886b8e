"""A lab with its client at Google: people come in by Google and in no other way; then the pool's own users again."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml
from playwright.sync_api import BrowserContext, Page

from sandbox import settings
from sandbox.demo import browser, neuroglancer, viewer, volumes
from sandbox.google.accounts import EVE, GRACE, LOU, SID, UMA, Person
from tests import oracle
from tests.e2e import claims_target
from tests.e2e.drawn import assert_drawn, assert_shows_long_view, long_link
from tests.e2e.inside import files_with
from tests.e2e.playbook import run

pytestmark = pytest.mark.usefixtures("quiet")
KEYS_HOST = f"public-keys.auth.elb.{settings.REGION}.amazonaws.localhost"
IDENTITY = "playbooks/identity.yml"


@pytest.fixture(scope="module", autouse=True)
def verbose_run(deployment) -> Iterator[str]:
    """What the run says that lets people in by Google; afterwards the deployment is as it was."""
    yield run([*viewer.WITH_GOOGLE, "-vvv", "--diff", IDENTITY])
    run([IDENTITY])


@pytest.fixture
def chromium() -> Iterator[BrowserContext]:
    """A browser that never was here."""
    with browser.chromium(settings.CA_FILE) as context:
        yield context


@pytest.fixture
def page(chromium) -> Page:
    page = chromium.new_page()
    page.goto(viewer.SITE)
    return page


def sign_in(page: Page, person: Person) -> None:
    browser.sign_in_with_google(page, person.name)
    page.wait_for_function("() => window.viewer !== undefined", timeout=60_000)


def names(chromium: BrowserContext) -> set[str]:
    return {cookie["name"] for cookie in chromium.cookies()}


def federated(person: Person) -> dict[str, str]:
    """The person's user in the pool: status and attributes."""
    find = settings.client("cognito-idp").admin_get_user
    user = find(UserPoolId=viewer.pool_id(), Username=f"Google_{person.sub}")
    return {"status": user["UserStatus"], **{each["Name"]: each["Value"] for each in user["UserAttributes"]}}


def test_signing_in_with_google_shows_the_volume_and_the_next_visit_asks_nothing(page, chromium):
    browser.wait_for_google(page)
    assert urlsplit(page.url).hostname == settings.GOOGLE_DOMAIN
    sign_in(page, GRACE)
    assert_drawn(page, neuroglancer.layers(viewer.DATA)[0], z=7)
    assert federated(GRACE)["status"] == "EXTERNAL_PROVIDER"
    page.close()

    for domain in (settings.SITE_DOMAIN, f".{settings.DOMAIN}"):
        chromium.clear_cookies(domain=domain)
    assert not [name for name in names(chromium) if name.startswith(("AWSELB", "CloudFront-"))]
    again, hosts = chromium.new_page(), set()
    again.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    again.goto(viewer.SITE)
    again.wait_for_function("() => window.viewer !== undefined", timeout=60_000)
    assert settings.LOGIN_DOMAIN in hosts
    assert settings.GOOGLE_DOMAIN not in hosts


def test_the_login_offers_google_and_no_password(page):
    page.get_by_role("link", name="Continue with Google").wait_for()
    assert urlsplit(page.url).hostname == settings.LOGIN_DOMAIN
    assert page.locator("input").count() == 0


def test_who_cancels_at_google_gets_in_nowhere(page, chromium):
    browser.wait_for_google(page)
    with page.expect_response(lambda response: response.url.startswith(f"{viewer.SITE}/oauth2/")) as answer:
        page.get_by_role("button", name="Cancel").click()
    assert answer.value.status == 401
    assert not [name for name in names(chromium) if name.startswith(("AWSELBAuthSession", "CloudFront-"))]
    assert page.goto(f"{viewer.SITE}/session").status == 401
    assert page.goto(f"{viewer.DATA}/{volumes.NIFTI_KEY}").status == 403


@pytest.mark.hostile
@pytest.mark.parametrize("person", [UMA, EVE, SID, LOU], ids=lambda person: person.name)
def test_whom_the_list_does_not_name_gets_in_nowhere(page, chromium, person):
    with page.expect_response(lambda response: response.url.startswith(f"{viewer.SITE}/oauth2/")) as answer:
        browser.sign_in_with_google(page, person.name)
    assert answer.value.status == 561
    assert not [name for name in names(chromium) if name.startswith(("AWSELBAuthSession", "CloudFront-"))]
    assert page.goto(f"{viewer.SITE}/session").status == 401
    assert page.goto(f"{viewer.DATA}/{volumes.NIFTI_KEY}").status == 403


def test_a_link_of_30_kb_survives_the_way_to_google_and_back(chromium):
    page = chromium.new_page()
    page.goto(long_link(z=9))
    sign_in(page, GRACE)
    assert_shows_long_view(page, z=9)


@pytest.fixture(scope="module")
def load_balancer(verbose_run) -> Iterator[dict[str, Any]]:
    with claims_target.behind_the_load_balancer() as found:
        yield found


def test_targets_are_told_what_google_says(load_balancer, page, http):
    person = GRACE
    sign_in(page, person)
    told = json.loads(page.goto(viewer.SITE + claims_target.PATH).text())
    claims = verified_claims(told["x-amzn-oidc-data"], load_balancer, http)
    user = federated(person)
    assert told["x-amzn-oidc-identity"] == claims["sub"] == user["sub"]
    assert {name: claims[name] for name in ("email", "email_verified", "name", "username")} == {
        "email": person.email,
        "email_verified": "true",
        "name": person.name,
        "username": f"Google_{person.sub}",
    }
    identity = json.loads(claims["identities"])[0]
    assert (identity["providerName"], identity["userId"]) == ("Google", person.sub)


def verified_claims(token: str, load_balancer: dict[str, Any], http: httpx.Client) -> dict[str, Any]:
    """The claims of a token that AWS's own verifier takes."""
    key_id = json.loads(base64.urlsafe_b64decode(token.partition(".")[0]))["kid"]
    # No resolver knows that name here.
    named = {"headers": {"Host": KEYS_HOST}, "extensions": {"sni_hostname": KEYS_HOST}}
    keys = {key_id: http.get(f"https://{settings.LOOPBACK}/{key_id}", **named).text}
    issuer = f"https://cognito-idp.{settings.REGION}.amazonaws.com/{viewer.pool_id()}"
    expected = {"albArn": load_balancer["arn"], "clientId": load_balancer["UserPoolClientId"], "issuer": issuer}
    return oracle.verify_alb_tokens([{"token": token, "keys": keys, **expected}])[0]["value"]


def test_the_secret_reaches_the_pool_and_no_output_or_file(verbose_run):
    secret = yaml.safe_load(settings.GOOGLE_CLIENT_FILE.read_text())["google_client_secret"]
    describe = settings.client("cognito-idp").describe_identity_provider
    provider = describe(UserPoolId=viewer.pool_id(), ProviderName="Google")["IdentityProvider"]
    assert provider["ProviderDetails"]["client_secret"] == secret
    assert "TASK [bioviewers.aws.identity : google | Create or update the identity provider Google]" in verbose_run
    assert secret not in verbose_run
    assert found_in_state("DescribeIdentityProvider"), "what was called is written down"
    assert not found_in_state(secret)


def found_in_state(text: str) -> str:
    command = files_with(text, str(settings.STATE_DIR))
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
