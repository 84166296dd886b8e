"""What the viewer has drawn, compared with the volume."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page

from sandbox import browser, demo, viewer


def assert_drawn(page: Page, layer: dict, z: int) -> None:
    """Look at one slice and compare it with the volume."""
    page.goto("about:blank")
    page.goto(viewer.address(demo.SITE, viewer.view([layer], z)))
    assert_shows(page, z)


def assert_shows(page: Page, z: int) -> None:
    """Compare what the viewer shows with slice `z`, as soon as it has drawn it."""
    browser.wait_until_drawn(page)
    assert browser.load_errors(page) == []
    drawn = viewer.drawn_grey(page.screenshot(), browser.panels(page)[0])
    expected = viewer.expected_grey(z)
    assert expected.std() > 30, "a picture, not one grey"
    assert not [(x, y) for x, y in viewer.sample(500, seed=z) if abs(drawn[x, y] - expected[x, y]) > 3]
    assert np.mean(np.abs(drawn - expected) <= 3) > 0.99
