"""What stands before Neuroglancer's fetch, in a page and a worker of a real browser: to which data host cookies go."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests import chromium
from tests.unit.roles import neuroglancer_package

KINDS = {".html": "text/html", ".js": "text/javascript"}
# What a bundler does with "#src/" in the package's modules.
IMPORTS = """<script type="importmap">{"imports": {"#src/": "/package/lib/"}}</script>"""
FETCH = "fetchOk(address).then((answer) => answer.text(), (error) => error.name).then"
PAGE = f"""<!doctype html>{IMPORTS}<script>
  const settings = new URLSearchParams(location.search);
  const origins = settings.has("origin") ? [settings.get("origin")] : [];
  globalThis.NEUROGLANCER_CREDENTIALS = {{ origins, renewUrl: "/session", tab: "t1" }};
</script><script type="module">
  import "/build/credentials.js";
  import {{ fetchOk }} from "/package/lib/util/http_request.js";
  const address = settings.get("data");
  {FETCH}((text) => window.seen = text);
  const worker = new Worker("/worker.js#" + address, {{ type: "module" }});
  worker.onmessage = ({{ data }}) => window.seenByWorker = data;
</script>"""
# Workers have no import maps: theirs are resolved on the way out.
WORKER = f"""import "/build/credentials.js";
import {{ fetchOk }} from "/resolved/lib/util/http_request.js";
const address = self.location.hash.slice(1);
{FETCH}((text) => postMessage(text));"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("released")
    neuroglancer_package.unpack("2.41.2", folder)
    return folder


class Handler(BaseHTTPRequestHandler):
    """The site, and the data host beside it, which gives back the cookies that it gets."""

    folder: Path

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/data":
            self._answer(self.headers.get("Cookie", "no cookies"), ".txt")
        elif path in ("/", "/worker.js"):
            self._answer(PAGE if path == "/" else WORKER, ".html" if path == "/" else ".js")
        else:
            self._answer(self._module(path), ".js")

    def _module(self, path: str) -> str:
        if path.startswith("/build/"):
            return (neuroglancer_package.BUILD / Path(path).name).read_text()
        text = (self.folder / path[1:].replace("resolved", "package")).read_text()
        return text.replace('"#src/', '"/resolved/lib/') if path.startswith("/resolved") else text

    def _answer(self, body: str, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", KINDS.get(kind, "text/plain"))
        if origin := self.headers.get("Origin"):
            self.send_header("Access-Control-Allow-Origin", origin)
            self.send_header("Access-Control-Allow-Credentials", "true")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def hosts(package: Path) -> Iterator[tuple[str, str]]:
    """The origins of the site and of the data."""
    handler = type("OfPackage", (Handler,), {"folder": package})
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _host in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield tuple(f"http://127.0.0.1:{server.server_port}" for server in servers)
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def page(hosts: tuple[str, str]) -> Iterator[Page]:
    with chromium.browser() as browser:
        context = browser.new_context()
        context.add_cookies([{"name": "key", "value": "private", "url": hosts[1]}])
        yield context.new_page()


@pytest.mark.parametrize(
    ("set_origin", "seen"),
    [
        pytest.param("&origin={data}", "key=private", id="the data host that is set"),
        pytest.param("", "no cookies", id="none is set"),
        pytest.param("&origin=https://data.example.org", "no cookies", id="another one is set"),
    ],
)
def test_cookies_go_where_the_page_says_from_its_workers_too(
    page: Page, hosts: tuple[str, str], set_origin: str, seen: str
) -> None:
    site, data = hosts
    page.goto(f"{site}/?data={data}/data{set_origin.format(data=data)}")
    page.wait_for_function("window.seen !== undefined && window.seenByWorker !== undefined")
    assert page.evaluate("[window.seen, window.seenByWorker]") == [seen, seen]
