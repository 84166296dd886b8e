"""verify.html in a browser: on a phone and on a desk, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import report
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import FAILED, OK, SKIPPED, Outcome
from playwright.sync_api import Browser, Page

from tests import chromium, oracle

LONG = "arn:aws:cloudfront::123456789012:response-headers-policy/0123456789abcdef-0123456789abcdef-0123456789abcdef"
OUTCOMES = [
    Outcome(
        "distribution-behaviours", "The distribution", FAILED, "No path.", "GetDistribution", (LONG,), f"See {LONG}.", 1
    ),
    Outcome("certificate", "The distribution", OK, f"{LONG} is good.", "DescribeCertificate", (), "", 1),
    Outcome("cookie-good", "The data", SKIPPED, "A cookie opens it.", "HTTPS", ("needs certificate",), "", 1),
]
SIZES = {"phone": 360, "tablet": 400, "half": 800, "desk": 1280}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.browser() as started:
        yield started


@pytest.fixture(params=["light", "dark"])
def page(browser, request) -> Page:
    page = browser.new_page(color_scheme=request.param)
    page.set_content(report.page(f"neuroglancer.{'lab' * 20}.example.org", "2026-11-22T01:02:03+00:00", OUTCOMES))
    yield page
    page.close()


@pytest.mark.parametrize("width", SIZES.values(), ids=SIZES)
def test_nothing_is_beside_the_screen(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.get_by_role("cell", name=LONG).first.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert page.get_by_role("rowheader", name="certificate").count() == 1
    assert oracle.inaccessible(page) == []
