"""What the viewer has drawn, compared with the volume."""

from __future__ import annotations

from typing import Any

import numpy as np
from playwright.sync_api import Page

from sandbox.demo import browser, neuroglancer, viewer

# Bytes of an address; the viewer's own spelling of the same view is a little shorter.
LONG, POINTS = 30 * 1024, 280


def drawing(count: int) -> dict[str, Any]:
    """A drawing of the person's own that the picture doesn't show: a layer that makes an address long."""
    points = [{"type": "point", "id": f"{number:032x}", "point": [number, 7, 5, 0]} for number in range(count)]
    hidden = {"type": "annotation", "name": "drawing", "visible": False}
    return {**hidden, "source": "local://annotations", "annotations": points}


def long_link(z: int) -> str:
    """A link of more than 30 kB to a view of slice `z`."""
    return neuroglancer.address(
        viewer.SITE, neuroglancer.view([neuroglancer.layers(viewer.DATA)[0], drawing(POINTS)], z)
    )


def assert_shows_long_view(page: Page, z: int) -> None:
    """Compare what is shown with the view of `long_link`, its picture and its drawing."""
    assert_shows(page, z)
    shown = page.evaluate("viewer.state.toJSON()")
    assert [layer["name"] for layer in shown["layers"]] == ["NIfTI", "drawing"]
    drawings = (shown["layers"][1], drawing(POINTS))
    points, expected = ({each["id"]: each["point"] for each in layer["annotations"]} for layer in drawings)
    assert points == expected
    assert len(page.evaluate("location.href")) > LONG


def assert_drawn(page: Page, layer: dict, z: int) -> None:
    """Look at one slice and compare it with the volume."""
    page.goto("about:blank")
    page.goto(neuroglancer.address(viewer.SITE, neuroglancer.view([layer], z)))
    assert_shows(page, z)


def assert_shows(page: Page, z: int) -> None:
    """Compare what the viewer shows with slice `z`, as soon as it has drawn it."""
    browser.wait_until_drawn(page)
    assert browser.load_errors(page) == []
    drawn = neuroglancer.drawn_grey(page.screenshot(), browser.panels(page)[0])
    expected = neuroglancer.expected_grey(z)
    assert expected.std() > 30, "a picture, not one grey"
    assert not [(x, y) for x, y in neuroglancer.sample(500, seed=z) if abs(drawn[x, y] - expected[x, y]) > 3]
    assert np.mean(np.abs(drawn - expected) <= 3) > 0.99
