"""The nginx role's settings as Ansible writes them, and nginx itself to run them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROOT = Path(__file__).parents[3]
ROLE = ROOT / "roles" / "nginx"
# sandbox/setup lays it there.
UNPACKED = ROOT / ".cache" / "nginx" / "usr" / "sbin" / "nginx"
SETTINGS = {
    "nginx_root": "/srv/viewer/current",
    "nginx_session_include": "/etc/nginx/viewer/cookies.conf",
    "nginx_session_gate": "unix:/run/gate.sock",
    "nginx_settings_file": "/etc/viewer.json",
    "nginx_session_domain": "example.org",
    "nginx_sign_out_url": "https://login.example.org/logout?client_id=c1&logout_uri=https%3A//site.example.org/signed-out",
    "ansible_managed": "by Ansible",
    "__nginx_brotli": {"stdout": "libnginx-mod-http-brotli-static - Brotli"},
}

VIEWER_SETTINGS = '{"credentials_origins": ["https://data.example.org"]}'


def _templar(**changes: Any) -> Templar:
    loader = DataLoader()
    files = [ROLE / "defaults" / "main.yml", ROLE / "vars" / "main.yml"]
    known = [loader.load_from_file(str(path), trusted_as_template=True) for path in files]
    return Templar(loader, variables={**known[0], **known[1], **SETTINGS, **changes})


def render(template: str = "nginx.conf.j2", **changes: Any) -> str:
    """A template of the role; `changes` are variables."""
    text = (ROLE / "templates" / template).read_text()
    return _templar(**changes).template(trust_as_template(text))


def pages(**changes: Any) -> dict[str, str]:
    """The pages for people, by the names of their files."""
    described = _templar(**changes).template(trust_as_template("{{ __nginx_pages }}"))
    return {f"{page['name']}.html": render("page.html.j2", __nginx_page=page, **changes) for page in described}


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: str

    def cookies(self) -> list[str]:
        return self.headers.get_all("Set-Cookie", [])


class Site:
    """A running nginx with the role's settings, in a folder of its own."""

    def __init__(self, folder: Path, port: int, **settings: Any) -> None:
        self.folder, self.port = folder, port
        self.include = folder / "cookies.conf"
        ours = {
            "nginx_root": str(folder / "root"),
            "nginx_session_include": str(self.include),
            "nginx_settings_file": str(folder / "viewer.json"),
            "nginx_listen_port": port,
        }
        self._settings = {**ours, "__nginx_pages_directory": str(folder / "pages"), **settings}

    def write(self) -> None:
        for name in ("root/assets", "pages", "tls", "log", "temporary"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "root" / "index.html").write_text("the shell")
        (self.folder / "viewer.json").write_text(VIEWER_SETTINGS)
        for name, text in pages(**self._settings).items():
            (self.folder / "pages" / name).write_text(text)
        files = ["-keyout", str(self.folder / "tls/server.key"), "-out", str(self.folder / "tls/server.crt")]
        make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=viewer", *files]
        subprocess.run(make, check=True, capture_output=True)
        (self.folder / "nginx.conf").write_text(
            self._relocated(render(**self._settings, __nginx_brotli={"stdout": ""}))
        )

    def _relocated(self, text: str) -> str:
        """The same settings, with this folder in place of the host's own."""
        moved = {
            "/etc/nginx/tls": f"{self.folder}/tls",
            "/var/log/nginx": f"{self.folder}/log",
            "/run/nginx.pid": f"{self.folder}/nginx.pid",
            "include /etc/nginx/modules-enabled/*.conf;": "",
            "user www-data;": "user root;" if os.geteuid() == 0 else "",
        }
        for there, here in moved.items():
            assert there in text
            text = text.replace(there, here)
        return text.replace("http {", f"http {{ {self.places()}", 1)

    def places(self) -> str:
        """Where nginx may keep what it can't in memory."""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        return "".join(f"{kind}_temp_path {self.folder}/temporary;" for kind in kinds)

    def command(self, *arguments: str) -> list[str]:
        program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or str(UNPACKED)
        return [program, "-e", f"{self.folder}/log/error.log", "-c", f"{self.folder}/nginx.conf", *arguments]

    def reload(self) -> None:
        before = self._workers()
        subprocess.run(self.command("-s", "reload"), check=True, capture_output=True)
        deadline = time.monotonic() + 10
        while before & self._workers() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _workers(self) -> set[str]:
        master = (self.folder / "nginx.pid").read_text().strip()
        return set(Path(f"/proc/{master}/task/{master}/children").read_text().split())

    def ask(
        self,
        path: str,
        headers: Sequence[tuple[str, str]] = (),
        method: str = "GET",
        body: bytes = b"",
        source: str = "127.0.0.1",
    ) -> Answer:
        """One request, exactly as given; a `Host` among the headers takes the place of our own."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        where = {"timeout": 30, "source_address": (source, 0)}
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, **where)
        connection.putrequest(method, path, skip_host=any(name == "Host" for name, _other in headers))
        for name, value in [*headers, *([("Content-Length", str(len(body)))] if body else [])]:
            connection.putheader(name, value)
        connection.endheaders(body or None)
        with contextlib.closing(connection):
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())

    def log(self) -> list[dict[str, Any]]:
        """The access log."""
        time.sleep(0.1)  # a line is written after its answer
        lines = (self.folder / "log" / "access.log").read_bytes().removesuffix(b"\n").split(b"\n")
        return [json.loads(line.decode("utf-8", "strict")) for line in lines]

    def send(self, request: bytes) -> bytes:
        """What is answered to these bytes."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.port), 10) as plain, context.wrap_socket(plain) as tls:
            tls.sendall(request)
            return tls.recv(65536)

    def handshake(self, version: ssl.TLSVersion, ciphers: str) -> str:
        """The suite that is agreed on; raises SSLError if there is none."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        with socket.create_connection(("127.0.0.1", self.port), 10) as plain, context.wrap_socket(plain) as tls:
            return tls.cipher()[0]


@contextlib.contextmanager
def running(site: Site) -> Iterator[Site]:
    site.write()
    with subprocess.Popen(site.command("-g", "daemon off;"), stderr=subprocess.PIPE) as process:
        try:
            _wait(site, process)
            yield site
        finally:
            process.terminate()


def _wait(site: Site, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            site.ask("/healthz")
            return
        time.sleep(0.05)
    raise RuntimeError(f"nginx did not answer: {process.stderr.read().decode()[-2000:]}")
