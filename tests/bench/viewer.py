"""What a visitor waits for: bytes and requests against the manual's web server, and the server's own speed.

The same build of the viewer is served three ways: by the deployment, by nginx with the manual's settings, and by nginx
with nothing but what it takes to serve files that were compressed before.
"""

from __future__ import annotations

import contextlib
import json
import pathlib
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import CDPSession, Page

from sandbox import settings
from sandbox.compute import containers
from sandbox.demo import browser, viewer
from tests.e2e import inside
from tests.emulators import free_port
from tests.unit.roles import real_nginx

SETTINGS = json.dumps(
    {"session_url": "", "sign_out_url": "", "title": "Neuroglancer", "credentials_origins": [], "default_state": {}}
)
VIEWER_ON_THE_HOST = "/srv/neuroglancer/current"
MANUALS = "listen 127.0.0.1:{port}; root {root}; index index.html; location / {{ try_files $uri /index.html; }}"
PLAIN = """
    listen 127.0.0.1:{port} ssl; root {root};
    ssl_certificate {folder}/tls/server.crt; ssl_certificate_key {folder}/tls/server.key;
    gzip_static on;
"""
TYPES = "text/html html; text/css css; application/javascript js; application/wasm wasm; image/svg+xml svg svgz;"
# The lines around a site in Debian's own nginx.conf that matter here: of the types only HTML is compressed.
AROUND = """
pid {folder}/{name}.pid;
error_log {folder}/log/{name}.log;
user root;
worker_processes auto;
events {{ worker_connections 768; }}
http {{ {places} types {{ {types} }} access_log off; gzip on; sendfile on; tcp_nopush on; server {{ {server} }} }}
"""
ANSWERED = re.compile(r"Requests per second:\s+([\d.]+)")


@dataclass
class Load:
    """What a page's visit fetched from one site; a length is of the bytes on the wire."""

    site: str
    lengths: dict[str, int] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)

    @property
    def bytes(self) -> int:
        return sum(self.lengths.values())

    def told(self) -> str:
        return f"{self.bytes:>9,} bytes in {len(self.paths)} requests"

    def watch(self, devtools: CDPSession) -> None:
        """Keep what the browser says of its network; what comes from its cache is no request."""
        devtools.on("Network.requestServedFromCache", lambda event: self.cached.add(event["requestId"]))
        devtools.on("Network.responseReceived", self._answered)
        devtools.on("Network.loadingFinished", self._finished)

    def _answered(self, event: dict) -> None:
        answer = event["response"]
        cached = answer.get("fromDiskCache") or event["requestId"] in self.cached
        if answer["url"].startswith(self.site) and not cached:
            self.paths[event["requestId"]] = urlsplit(answer["url"]).path

    def _finished(self, event: dict) -> None:
        if event["requestId"] in self.paths:
            self.lengths[event["requestId"]] = event["encodedDataLength"]


def visit(page: Page, site: str, forget: bool) -> Load:
    """Open the viewer and wait until it is quiet."""
    load, devtools = Load(site), page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    if forget:
        devtools.send("Network.clearBrowserCache")
    load.watch(devtools)
    page.goto(site)
    page.wait_for_function("() => window.viewer !== undefined", timeout=60_000)
    page.wait_for_load_state("networkidle")
    devtools.detach()
    return load


def sign_in(page: Page) -> None:
    """As one of the pool's users."""
    password = viewer.create_user(viewer.USER)
    page.goto(viewer.SITE)
    browser.wait_for_login(page)
    browser.sign_in(page, viewer.USER, password)
    page.wait_for_function("() => window.viewer !== undefined", timeout=60_000)


@contextlib.contextmanager
def another_nginx(site: real_nginx.Site, name: str, server: str) -> Iterator[None]:
    """nginx with one server, its settings given, in the folder of the role's."""
    file = site.folder / f"{name}.conf"
    file.write_text(AROUND.format(folder=site.folder, name=name, server=server, types=TYPES, places=site.places()))
    command = [site.command()[0], "-e", f"{site.folder}/log/{name}.log", "-c", str(file)]
    subprocess.run(command, check=True)
    try:
        yield
    finally:
        subprocess.run([*command, "-s", "stop"], check=True)


def requests_per_second(url: str) -> float:
    """With connections that stay open, as browsers and load balancers keep them."""
    command = ["ab", "-q", "-k", "-c", "8", "-n", "4000", "-H", "Accept-Encoding: gzip", url]
    return float(ANSWERED.search(subprocess.run(command, capture_output=True, text=True, check=True).stdout)[1])


def report_loads(manual: str) -> None:
    """First and second visit."""
    with browser.chromium(settings.CA_FILE) as context:
        page = context.new_page()
        sign_in(page)
        first, again = visit(page, viewer.SITE, forget=True), visit(page, viewer.SITE, forget=False)
    with browser.chromium(settings.CA_FILE) as context:
        manuals = visit(context.new_page(), manual, forget=True)
    print(f"\nThe viewer in Chromium\n    first visit    {first.told()}\n    the manual's   {manuals.told()}")
    print(f"    first visit: {first.bytes / manuals.bytes:.2f} of the manual's bytes")
    print(f"    second visit   {again.told()}: {', '.join(sorted(again.paths.values()))}")


def report_speed(ours: str, plain: str) -> None:
    """Requests for the largest file, in turns, so that both meet the same machine."""
    rounds = [(requests_per_second(ours), requests_per_second(plain)) for _round in range(3)]
    best, plain_best = (max(speeds) for speeds in zip(*rounds, strict=True))
    print("\nThe main bundle over TLS, requests a second")
    print(f"    the role's nginx {best:.0f}, plain gzip_static {plain_best:.0f}: {best / plain_best:.2f} of plain")


def fetch_viewer(folder: pathlib.Path) -> pathlib.Path:
    """The build that the deployment serves."""
    containers.podman("cp", f"{inside.instance()}:{VIEWER_ON_THE_HOST}/.", str(folder / "viewer"))
    return folder / "viewer"


def main() -> None:
    """Against the deployment that is up."""
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as name,
        real_nginx.running(real_nginx.Site(pathlib.Path(name), free_port())) as site,
    ):
        root = fetch_viewer(site.folder)
        # The manual's server has nobody who signs in.
        (root / "settings.json").write_text(SETTINGS)
        bundle = max(root.glob("assets/*.js"), key=lambda file: file.stat().st_size)
        (site.folder / "root").rename(site.folder / "empty")
        (site.folder / "root").symlink_to(root)
        with another_nginx(site, "manual", MANUALS.format(port=port, root=root)):
            report_loads(f"http://127.0.0.1:{port}")
        with another_nginx(site, "plain", PLAIN.format(port=port, root=root, folder=site.folder)):
            report_speed(*(f"https://127.0.0.1:{number}/assets/{bundle.name}" for number in (site.port, port)))
