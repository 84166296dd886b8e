"""A real browser, as a person would use it: Debian's Chromium, driven by Playwright, that trusts the sandbox's CA."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator

from playwright.sync_api import BrowserContext, Page, sync_playwright

# WebGL2 without a graphics card, and none of the browser's own traffic.
ARGUMENTS = [
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
]
VIEWPORT = {"width": 1280, "height": 800}


def trust(home: pathlib.Path, ca: pathlib.Path) -> None:
    """Make the browser whose home directory is `home` trust the CA: Chromium on Linux reads the user's NSS database."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    certutil = ["certutil", "-d", f"sql:{database}"]
    subprocess.run([*certutil, "-N", "--empty-password"], check=True)
    subprocess.run([*certutil, "-A", "-t", "C,,", "-n", "sandbox", "-i", str(ca)], check=True)


@contextlib.contextmanager
def chromium(ca: pathlib.Path) -> Iterator[BrowserContext]:
    """A fresh browser profile with no cookies that accepts certificates of `ca`; certificate errors stay errors."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        trust(pathlib.Path(home), ca)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            # As root Chromium refuses to start its own sandbox.
            args=[*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])],
            env={**os.environ, "HOME": home},
        )
        with contextlib.closing(browser):
            yield browser.new_context(viewport=VIEWPORT)


def wait_for_login(page: Page) -> None:
    page.locator("input[name=password]").wait_for()


def sign_in(page: Page, user: str, password: str) -> None:
    """Fill in the hosted login's form, which the page shows."""
    page.locator("input[name=username]").fill(user)
    page.locator("input[name=password]").fill(password)
    page.locator("[type=submit]").first.click()


def wait_for_google(page: Page) -> None:
    """Wait for Google's page to choose an account, by the hosted login's button where it does not go on by itself."""
    cancel, button = page.get_by_role("button", name="Cancel"), page.get_by_role("link", name="Continue with Google")
    cancel.or_(button).wait_for()
    if button.is_visible():
        button.click()
    cancel.wait_for()


def sign_in_with_google(page: Page, person: str) -> None:
    """Choose the account of that name, at Google or at the hosted login before it."""
    wait_for_google(page)
    page.get_by_role("button", name=person).click()


def wait_until_drawn(page: Page) -> None:
    """Wait until every source of every layer is open and every panel has drawn all that it needs."""
    # One question, since the page may load anew between two.
    page.wait_for_function(
        """() => {
             const layers = window.viewer?.layerManager.managedLayers ?? [];
             const sources = layers.flatMap(({layer}) => layer?.dataSources ?? [{}]);
             return layers.length > 0 && sources.every(({loadState}) => loadState !== undefined) && viewer.isReady();
           }""",
        timeout=60_000,
    )


def load_errors(page: Page) -> list[str]:
    """What the viewer says of sources that it could not open."""
    return page.evaluate(
        """() => viewer.layerManager.managedLayers.flatMap(({layer}) => layer.dataSources)
                  .map(({loadState}) => loadState?.error).filter(Boolean).map(String)"""
    )


def panels(page: Page) -> list[dict[str, float]]:
    """Where the viewer draws: {x, y, width, height} of each panel, in pixels of a screenshot."""
    return page.evaluate(
        """() => [...viewer.display.panels].map(({element}) => {
                  const {x, y, width, height} = element.getBoundingClientRect();
                  return {x, y, width, height}; })"""
    )
