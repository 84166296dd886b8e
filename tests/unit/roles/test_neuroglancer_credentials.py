"""What stands before Neuroglancer's fetch, with the fetchOk of the released npm packages."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.roles.neuroglancer_package import TOOLS, unpack

HARNESS = Path(__file__).with_name("neuroglancer_fetch.mjs")
STARTED = Path(__file__).with_name("neuroglancer_started_worker.mjs")
VERSIONS = ("2.39.2", "2.40.1", "2.41.2")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The module with fetchOk of each package."""
    folders = {version: tmp_path_factory.mktemp("released") for version in VERSIONS}
    for version, folder in folders.items():
        unpack(version, folder)
    return {version: folder / "package/lib/util/http_request.js" for version, folder in folders.items()}


@pytest.fixture(scope="module")
def newest(released: dict[str, Path]) -> Path:
    return released["2.41.2"]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_release_asks_again_and_gives_up_as_this_counts_on(released: dict[str, Path], version: str) -> None:
    asked = [{"url": url} for url in (DATA, f"{DATA}?2")]
    given = case({DATA: [403], f"{DATA}?2": [401], SESSION: [503, 429, 204]}, *asked)
    assert run(released[version], given)["outcomes"] == ["HttpError 401"] * 2
    given = case({DATA: [403, 403, 200], SESSION: [503, 204]})
    assert run(released[version], given)["outcomes"] == [200]


PLUS = "https://data.example.org/a%2Bb%2Bc/%2B"
DATA, OTHER, SESSION = "https://data.example.org/c/0", "https://public.example.net/c/0", "/session"
ONCE = {
    "origins": ["https://data.example.org"],
    "renewUrl": SESSION,
    "tab": "t1",
    "groups": [{"requests": [{"url": DATA}]}],
}


def case(answers: dict[str, list[Any]], *requests: dict[str, Any], **changes: Any) -> dict[str, Any]:
    groups = {"groups": [{"requests": list(requests)}]} if requests else {}
    return {**ONCE, **groups, "answers": answers, **changes}


CASES = {"403, renewed": case({DATA: [403, 200], SESSION: [204]})}
READ, RENEW = [DATA, "include", None, None, None], [SESSION, None, "no-store", "manual", None]


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
            case({f"{PLUS}?a+b": [200]}, {"url": "https://data.example.org/a+b%2Bc/+?a+b"}),
            [200],
            [[f"{PLUS}?a+b", *READ[1:]]],
            id="a plus in a path is no blank to S3",
        ),
        pytest.param(
            case({"https://public.example.net/a+b": [200]}, {"url": "https://public.example.net/a+b"}),
            [200],
            [["https://public.example.net/a+b", *[None] * 4]],
            id="elsewhere it stays",
        ),
        pytest.param(
            case({DATA: [401, 200], SESSION: [204]}), [200], [READ, RENEW, READ], id="401 is renewed as 403 is"
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
def test_quiet_outcomes(newest: Path, given: dict[str, Any], outcomes: list[Any], fetches: list[Any]) -> None:
    result = run(newest, given)
    assert (result["outcomes"], result["fetches"], result["messages"]) == (outcomes, fetches, [])


ORIGINS = ["https://data.example.org"]
HANDED_ON = {"origins": ORIGINS, "renewUrl": SESSION, "tab": "t1"}


def as_worker(name: Any, **globals_of_page: Any) -> dict[str, Any]:
    """A request of a worker that is refused at first, with what it was started with; it sees no global of a page."""
    told = {"origins": None, "renewUrl": None, "name": name, **globals_of_page}
    return case({DATA: [403, 200], SESSION: [204]}, **told)


def test_a_worker_goes_by_its_name(newest: Path) -> None:
    result = run(newest, as_worker(json.dumps(HANDED_ON)))
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
def test_a_worker_that_was_told_no_host_sends_cookies_to_none(newest: Path, name: str) -> None:
    result = run(newest, as_worker(name))
    assert (result["outcomes"], result["fetches"]) == (["HttpError 403"], [[DATA, *[None] * 4]])


def test_a_worker_does_not_go_by_globals(newest: Path) -> None:
    result = run(newest, as_worker("", origins=ORIGINS, renewUrl=SESSION))
    assert result["fetches"] == [[DATA, *[None] * 4]]


NOTHING = {"origins": [], "renewUrl": "", "tab": ""}


@pytest.mark.parametrize(
    ("given", "handed_on"),
    [
        pytest.param({"page": True, "credentials": HANDED_ON}, HANDED_ON, id="the page's settings"),
        pytest.param({"page": True}, NOTHING, id="a page without settings"),
        pytest.param({"page": True, "name": json.dumps(HANDED_ON)}, NOTHING, id="a page goes by no name"),
        pytest.param({"name": json.dumps(HANDED_ON)}, HANDED_ON, id="a worker's own"),
        pytest.param({"name": "", "credentials": HANDED_ON}, NOTHING, id="a worker without a name"),
    ],
)
def test_whoever_starts_a_worker_hands_on_what_it_was_told(
    newest: Path, given: dict[str, Any], handed_on: dict[str, Any]
) -> None:
    ((url, options),) = run(newest, given, STARTED)
    assert (url, options["type"]) == ("chunks.js", "module")
    assert json.loads(options["name"]) == handed_on


@pytest.mark.parametrize(
    ("given", "fetches", "session"),
    [
        pytest.param(case({DATA: [403], SESSION: [401]}), [READ, RENEW], "signed-out", id="not signed in"),
        pytest.param(case({DATA: [403], SESSION: ["redirect"]}), [READ, RENEW], "signed-out", id="led to a login page"),
        pytest.param(
            case({DATA: [403], SESSION: [204]}), [READ, RENEW, READ], "signed-in", id="signed in, no permission"
        ),
        pytest.param(
            case({DATA: ["unreachable"], SESSION: [204]}), [READ, RENEW, READ], "signed-in", id="no CORS headers"
        ),
        pytest.param(case({DATA: [403]}, renewUrl=""), [READ], "signed-out", id="no renewal URL"),
    ],
)
def test_a_lasting_refusal_is_an_error_that_the_page_hears_of(
    newest: Path, given: dict[str, Any], fetches: list[Any], session: str
) -> None:
    result = run(newest, given)
    assert (result["outcomes"], result["fetches"]) == (["HttpError 401"], fetches)
    assert result["messages"] == [["neuroglancer-auth", {"tab": "t1", "url": DATA, "session": session}]]


NO_ANSWERS = {
    "503": 503,
    "500": 500,
    "561": 561,
    "too many at once": 429,
    "no network": "unreachable",
    "hangs": "hangs",
}


@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_while_nobody_can_tell_no_chunk_is_lost(newest: Path, answer: Any) -> None:
    chunks = [f"https://data.example.org/c/{number}" for number in range(50)]
    given = case(
        {**{url: [403, 403, 200] for url in chunks}, SESSION: [answer, 204]}, *({"url": url} for url in chunks)
    )
    result = run(newest, given)
    assert result["outcomes"] == [200] * 50
    assert result["fetches"].count(RENEW) == 2
    told = [message for _channel, message in result["messages"]]
    expected = "busy" if answer == 429 else "no-answer"
    assert {message["session"] for message in told if "session" in message} == {expected}
    assert [message for message in told if "loaded" in message] == [{"tab": "t1", "loaded": True}]


def test_what_is_forbidden_does_not_count_as_missing_for_all(newest: Path) -> None:
    other = "https://data.example.org/other"
    groups = [{"requests": [{"url": DATA}]}, {"after": 100, "requests": [{"url": other}]}]
    result = run(newest, case({DATA: [403], other: [200], SESSION: [204]}, groups=groups))
    assert [message for _channel, message in result["messages"] if "loaded" in message] == []


def test_offline_it_is_asked_about_once_a_second(newest: Path) -> None:
    requests = [{"url": f"https://data.example.org/c/{number}"} for number in range(20)]
    chunks = {each["url"]: ["unreachable"] * 4 + [200] for each in requests}
    result = run(newest, case({**chunks, SESSION: ["unreachable"] * 4 + [204]}, *requests))
    assert result["outcomes"] == [200] * 20
    assert result["fetches"].count(RENEW) < 20


def test_an_abort_is_passed_on(newest: Path) -> None:
    during_read = case({DATA: ["abort"], SESSION: [204]}, {"url": DATA, "abortable": True})
    during_renewal = case({DATA: [403], SESSION: ["abort"]}, {"url": DATA, "abortable": True})
    meanwhile = case({DATA: [403], SESSION: ["hangs"]}, {"url": DATA, "abortable": True}, hurry=5)
    for given, fetches in ((during_read, [READ]), (during_renewal, [READ, RENEW]), (meanwhile, [READ, RENEW])):
        result = run(newest, given)
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
def test_renewals_are_few(newest: Path, given: dict[str, Any], outcomes: list[Any], renewals: int) -> None:
    result = run(newest, given)
    assert result["outcomes"] == outcomes
    assert result["fetches"].count(RENEW) == renewals
    assert result["channels"] <= 1
