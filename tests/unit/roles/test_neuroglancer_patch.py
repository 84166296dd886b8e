"""The program that patches Neuroglancer's fetch, on the released npm packages, and what the patched function does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.roles.neuroglancer_package import PROGRAM, TOOLS, patch, unpack

HARNESS = Path(__file__).with_name("neuroglancer_fetch.mjs")
STARTED = Path(__file__).with_name("neuroglancer_started_worker.mjs")
ANCHOR = "response = await fetch(input, init);"
VERSIONS = ("2.39.2", "2.40.1", "2.41.2")


@pytest.fixture(scope="module", params=VERSIONS)
def released(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package as npm has it, not to be changed."""
    folder = tmp_path_factory.mktemp("released")
    unpack(request.param, folder)
    return folder / "package"


@pytest.fixture
def package(released: Path, tmp_path: Path) -> Path:
    return shutil.copytree(released, tmp_path / "package")


@pytest.fixture(scope="module", params=("js", "ts"))
def patched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2.41.2's module with the patch, in both languages; Node.js strips the types of a .ts file by itself."""
    folder = tmp_path_factory.mktemp("patched")
    unpack("2.41.2", folder)
    module = folder / f"http_request.{request.param}"
    shutil.copy(http_request(folder / "package"), module)
    (folder / "package.json").write_text('{"type": "module"}')
    assert patch(module).returncode == 0
    return module


def http_request(package: Path) -> Path:
    return package / "lib/util/http_request.js"


def test_patches_what_npm_has_and_a_second_time_changes_nothing(package: Path) -> None:
    path = http_request(package)
    path.chmod(0o640)
    before = path.read_text()

    assert patch(package).stdout == f"patched: {path}\n"
    after = path.read_text()
    assert after.startswith(before.replace(ANCHOR, "response = await fetchWithOriginCredentials(input, init);"))
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in path.parent.glob(".*")] == []

    status = path.stat()
    again = patch(package)
    assert (again.returncode, again.stdout) == (0, f"unchanged: {path}\n")
    assert path.read_text() == after
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (status.st_ino, status.st_mtime_ns)


def test_the_patched_module_of_each_release_loads_and_fetches(package: Path) -> None:
    patch(package)
    assert run(http_request(package), CASES["403, renewed"])["outcomes"] == [200]


@pytest.mark.parametrize(
    ("change", "count"),
    [
        pytest.param(lambda text: text.replace(ANCHOR, "response = await fetch(input, { ...init });"), 0, id="none"),
        pytest.param(lambda text: f"{text}// {ANCHOR}\n", 2, id="two"),
        pytest.param(
            lambda text: text.replace(ANCHOR, "response = await fetch(input, withOriginCredentials(input, init));"),
            0,
            id="an earlier patch",
        ),
        pytest.param(
            lambda text: text.replace(ANCHOR, "response = await fetchWithOriginCredentials(input, init);"),
            0,
            id="half a patch",
        ),
    ],
)
def test_without_exactly_one_anchor_writes_nothing(package: Path, change: Any, count: int) -> None:
    path = http_request(package)
    path.write_text(change(path.read_text()))
    before = path.read_bytes()
    result = patch(package)
    assert (result.returncode, result.stdout) == (2, "")
    assert str(path) in result.stderr
    assert f"{count} times" in result.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize("files", [(), ("lib/util/http_request.js", "src/util/http_request.ts")])
def test_refuses_a_directory_without_one_file_to_patch(tmp_path: Path, files: tuple[str, ...]) -> None:
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text(ANCHOR)
    result = patch(tmp_path)
    assert result.returncode == 2
    assert f"found {len(files)}" in result.stderr
    assert all((tmp_path / file).read_text() == ANCHOR for file in files)


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A module in a directory that its reader can't write to (root could, hence another user below)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(PROGRAM, folder)
        (folder / "http_request.js").write_text(ANCHOR)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def test_a_directory_that_cannot_be_written_to_is_an_error_that_changes_nothing(read_only: Path) -> None:
    user = {"user": "nobody"} if os.geteuid() == 0 else {}
    command = ["/usr/bin/env", "python3", str(read_only / PROGRAM.name), str(read_only / "http_request.js")]
    result = subprocess.run(command, capture_output=True, text=True, check=False, **user)
    assert result.returncode == 2, result.stderr
    assert "Permission denied" in result.stderr
    assert "Traceback" not in result.stderr
    assert (read_only / "http_request.js").read_text() == ANCHOR


DATA, OTHER, SESSION = "https://data.example.org/c/0", "https://public.example.net/c/0", "/session"
ONCE = {"origins": ["https://data.example.org"], "renewUrl": SESSION, "groups": [{"requests": [{"url": DATA}]}]}


def case(answers: dict[str, list[Any]], *requests: dict[str, Any], **changes: Any) -> dict[str, Any]:
    groups = {"groups": [{"requests": list(requests)}]} if requests else {}
    return {**ONCE, **groups, "answers": answers, **changes}


CASES = {"403, renewed": case({DATA: [403, 200], SESSION: [204]})}
READ, RENEW = [DATA, "include", None, None, None], [SESSION, None, "no-store", "error", None]


def run(module: Path, given: dict[str, Any], harness: Path = HARNESS) -> Any:
    done = subprocess.run(
        ["node", str(harness), str(module)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        env={**TOOLS, "NODE_NO_WARNINGS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("given", "outcomes", "fetches"),
    [
        pytest.param(case({DATA: [200]}), [200], [READ], id="cookies go to a listed origin"),
        pytest.param(
            case({DATA: [206]}, {"url": DATA, "init": {"cache": "no-store", "headers": {"range": "bytes=0-9"}}}),
            [206],
            [[DATA, "include", "no-store", None, "bytes=0-9"]],
            id="with all that the caller asked for",
        ),
        pytest.param(case({DATA: [200]}, {"url": DATA, "as": "URL"}), [200], [READ], id="also for a URL object"),
        pytest.param(
            case({OTHER: [200]}, {"url": OTHER}), [200], [[OTHER, *[None] * 4]], id="no cookies for another origin"
        ),
        pytest.param(
            case({OTHER: [403]}, {"url": OTHER}),
            ["HttpError 403"],
            [[OTHER, *[None] * 4]],
            id="nor a renewal for its 403",
        ),
        pytest.param(
            case({f"{DATA}?": [200]}, {"url": f"{DATA}?"}, origins=["https://data.example.org:8443"]),
            [200],
            [[f"{DATA}?", *[None] * 4]],
            id="another port is another origin",
        ),
        pytest.param(
            case({DATA: [403]}, origins=[]), ["HttpError 403"], [[DATA, *[None] * 4]], id="no origins, no difference"
        ),
        pytest.param(
            {key: value for key, value in case({DATA: [403]}).items() if key not in ("origins", "renewUrl")},
            ["HttpError 403"],
            [[DATA, *[None] * 4]],
            id="no globals, no difference",
        ),
        pytest.param(
            case({DATA: [403]}, {"url": DATA, "init": {"credentials": "omit"}}),
            ["HttpError 403"],
            [[DATA, "omit", None, None, None]],
            id="the caller's credentials stay",
        ),
        pytest.param(
            case({DATA: [403]}, {"url": DATA, "as": "Request"}),
            ["HttpError 403"],
            [[DATA, *[None] * 4]],
            id="a Request brings its own",
        ),
        pytest.param(CASES["403, renewed"], [200], [READ, RENEW, READ], id="403, renewed, read again"),
        pytest.param(
            case({DATA: ["unreachable", 200], SESSION: [204]}),
            [200],
            [READ, RENEW, READ],
            id="a refusal without CORS headers is renewed too",
        ),
        pytest.param(case({DATA: [404]}), ["HttpError 404"], [READ], id="404 is passed on"),
        pytest.param(case({DATA: [500]}), ["HttpError 500"], [READ], id="500 is passed on"),
        pytest.param(
            case({DATA: [403, 404], SESSION: [204]}), ["HttpError 404"], [READ, RENEW, READ], id="404 after a renewal"
        ),
    ],
)
def test_quiet_outcomes(patched: Path, given: dict[str, Any], outcomes: list[Any], fetches: list[Any]) -> None:
    result = run(patched, given)
    assert (result["outcomes"], result["fetches"], result["messages"]) == (outcomes, fetches, [])


ORIGINS = ["https://data.example.org"]
HANDED_ON = {"origins": ORIGINS, "renewUrl": SESSION}


def as_worker(name: Any, **globals_of_page: Any) -> dict[str, Any]:
    """A request of a worker that is refused at first, with what it was started with; it sees no global of a page."""
    told = {"origins": None, "renewUrl": None, "name": name, **globals_of_page}
    return case({DATA: [403, 200], SESSION: [204]}, **told)


def test_a_worker_goes_by_its_name(patched: Path) -> None:
    result = run(patched, as_worker(json.dumps(HANDED_ON)))
    assert (result["outcomes"], result["fetches"]) == ([200], [READ, RENEW, READ])


NO_NAMES = {
    "none": "",
    "another program's": "chunks",
    "a number": "1",
    "nothing": "null",
    "no origins": json.dumps({"renewUrl": SESSION}),
    "origins that are none": json.dumps({**HANDED_ON, "origins": 5}),
    "cut short": json.dumps(HANDED_ON)[:-1],
    "another host's": json.dumps({**HANDED_ON, "origins": ["https://other.example.org"]}),
}


@pytest.mark.parametrize("name", NO_NAMES.values(), ids=NO_NAMES)
def test_a_worker_that_was_told_no_host_sends_cookies_to_none(patched: Path, name: str) -> None:
    result = run(patched, as_worker(name))
    assert (result["outcomes"], result["fetches"]) == (["HttpError 403"], [[DATA, *[None] * 4]])


def test_a_worker_does_not_go_by_globals(patched: Path) -> None:
    result = run(patched, as_worker("", origins=ORIGINS, renewUrl=SESSION))
    assert result["fetches"] == [[DATA, *[None] * 4]]


NOTHING = {"origins": [], "renewUrl": ""}


@pytest.mark.parametrize(
    ("given", "handed_on"),
    [
        pytest.param({"page": True, **HANDED_ON}, HANDED_ON, id="the page's settings"),
        pytest.param({"page": True}, NOTHING, id="a page without settings"),
        pytest.param({"page": True, "name": json.dumps(HANDED_ON)}, NOTHING, id="a page goes by no name"),
        pytest.param({"name": json.dumps(HANDED_ON)}, HANDED_ON, id="a worker's own"),
        pytest.param({"name": "", **HANDED_ON}, NOTHING, id="a worker without a name"),
    ],
)
def test_whoever_starts_a_worker_hands_on_what_it_was_told(
    patched: Path, given: dict[str, Any], handed_on: dict[str, Any]
) -> None:
    ((url, options),) = run(patched, given, STARTED)
    assert (url, options["type"]) == ("chunks.js", "module")
    assert json.loads(options["name"]) == handed_on


@pytest.mark.parametrize(
    ("given", "fetches"),
    [
        pytest.param(case({DATA: [403], SESSION: [401]}), [READ, RENEW], id="not signed in"),
        pytest.param(
            case({DATA: [403], SESSION: ["unreachable"]}), [READ, RENEW], id="sign-in expired: led to a login page"
        ),
        pytest.param(case({DATA: [403], SESSION: [204]}), [READ, RENEW, READ], id="signed in, no permission"),
        pytest.param(
            case({DATA: ["unreachable"], SESSION: ["unreachable"]}), [READ, RENEW], id="offline, or no CORS headers"
        ),
        pytest.param(case({DATA: [403]}, renewUrl=""), [READ], id="no renewal URL"),
    ],
)
def test_a_lasting_refusal_is_an_error_that_the_page_hears_of(
    patched: Path, given: dict[str, Any], fetches: list[Any]
) -> None:
    result = run(patched, given)
    assert (result["outcomes"], result["fetches"]) == (["HttpError 401"], fetches)
    assert result["messages"] == [["neuroglancer-auth", DATA]]


def test_an_abort_is_passed_on(patched: Path) -> None:
    during_read = case({DATA: ["abort"], SESSION: [204]}, {"url": DATA, "abortable": True})
    during_renewal = case({DATA: [403], SESSION: ["abort"]}, {"url": DATA, "abortable": True})
    for given, fetches in ((during_read, [READ]), (during_renewal, [READ, RENEW])):
        result = run(patched, given)
        assert (result["outcomes"], result["fetches"], result["messages"]) == (["AbortError"], fetches, [])


MANY = [{"url": DATA}] * 20


@pytest.mark.parametrize(
    ("given", "outcomes", "renewals"),
    [
        pytest.param(case({DATA: [*[403] * 20, 200], SESSION: [204]}, *MANY), [200] * 20, 1, id="one for a burst"),
        pytest.param(case({DATA: [403], SESSION: [401]}, *MANY), ["HttpError 401"] * 20, 1, id="one that fails"),
        pytest.param(
            case(
                {DATA: [403], SESSION: [401]},
                groups=[{"requests": MANY}, {"after": 29_000, "requests": MANY}],
            ),
            ["HttpError 401"] * 40,
            1,
            id="a failure is kept for a while",
        ),
        pytest.param(
            case(
                {DATA: [403, 403, 200], SESSION: [401, 204]},
                groups=[{"requests": [{"url": DATA}]}, {"after": 30_000, "requests": [{"url": DATA}]}],
            ),
            ["HttpError 401", 200],
            2,
            id="and then asked for anew",
        ),
        pytest.param(
            case(
                {DATA: [403, 200, 403, 200], SESSION: [204]},
                groups=[{"requests": [{"url": DATA}]}, {"after": 10_000, "requests": [{"url": DATA}]}],
            ),
            [200, 200],
            1,
            id="after a success one retry without asking",
        ),
        pytest.param(
            case(
                {DATA: [403, 200, 403, 200], SESSION: [204]},
                groups=[{"requests": [{"url": DATA}]}, {"after": 3_600_000, "requests": [{"url": DATA}]}],
            ),
            [200, 200],
            2,
            id="an hour later the cookies are renewed again",
        ),
    ],
)
def test_renewals_are_few(patched: Path, given: dict[str, Any], outcomes: list[Any], renewals: int) -> None:
    result = run(patched, given)
    assert result["outcomes"] == outcomes
    assert result["fetches"].count(RENEW) == renewals
    assert result["channels"] <= 1
