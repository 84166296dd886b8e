"""Links to a view: long ones survive the login, and nothing that is public tells of the data."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import BrowserContext

from sandbox import settings
from sandbox.demo import browser, viewer, volumes
from tests.e2e.drawn import LONG, assert_shows_long_view, long_link

pytestmark = pytest.mark.usefixtures("quiet")
PERSON = f"rosalind@{settings.DOMAIN}"


@pytest.fixture
def chromium(deployment) -> Iterator[BrowserContext]:
    """A browser that never was here."""
    with browser.chromium(settings.CA_FILE) as context:
        yield context


def test_a_link_of_30_kb_opened_signed_out_shows_its_view_after_the_login(chromium):
    link = long_link(z=9)
    assert len(link) > LONG
    page = chromium.new_page()
    page.goto(link)
    browser.wait_for_login(page)
    assert "#" not in page.url, "the view is not shown to the login"
    browser.sign_in(page, PERSON, viewer.create_user(PERSON))
    assert_shows_long_view(page, z=9)


# A file of the site that another one names.
NAMED = re.compile(r"(?:assets/|\./|\")([\w.-]+\.(?:js|mjs|css|json|map|svg|html))")


def public_files(http: httpx.Client) -> dict[str, str]:
    """Everything that can be had without signing in: the page, what it names, what that names, and so on."""
    found, wanted = {}, {"/"}
    while wanted:
        path = wanted.pop()
        answer = http.get(viewer.SITE + path)
        found[path] = answer.text if answer.status_code == 200 else ""
        wanted |= {f"/assets/{name}" for name in NAMED.findall(found[path])} - set(found)
    return {path: text for path, text in found.items() if text}


def test_nothing_public_names_data_or_shows_a_view(http, deployment):
    files = public_files(http)
    assert max(map(len, files.values())) > 500_000, "the viewer is among them"
    keys = [volumes.NIFTI_KEY, volumes.ZARR_KEY, volumes.OME_ZARR_KEY, volumes.PRECOMPUTED_KEY]
    words = [settings.DATA_BUCKET, *keys, *(key.partition("/")[2] for key in keys)]
    assert [(path, word) for path, text in files.items() for word in words if word in text] == []
    # The page itself does not even say where data are.
    assert settings.DATA_DOMAIN not in files["/"]
