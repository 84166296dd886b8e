"""How checks are run, and that those there are can be."""

from __future__ import annotations

import html.parser
import itertools
import re

import pytest
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import check as engine
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import report
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.check import Check, Outcome, Skipped
from ansible_collections.bioviewers.aws.plugins.module_utils._deployment.builds import BUILDS
from ansible_collections.bioviewers.aws.plugins.modules import verify

from tests.unit.deployment.verify_fakes import KNOWN, aws_error, context_of

ALL = [check for part in BUILDS["viewer"].verify for check in part.CHECKS]


def raising(error):
    def test(context):
        raise error

    return test


def check(name="one", test=lambda context: (), needs=(), settles=False):
    texts = {"claim": "{site_domain} is well.", "how": "A look", "todo": "Run it."}
    return Check(name, test, needs=needs, settles=settles, **texts)


def outcomes(*checks, context=None, **options):
    return engine.run({"Part": checks}, context or context_of(), **options)


@pytest.mark.parametrize(
    ("test", "outcome", "reasons"),
    [
        (lambda context: (), "ok", ()),
        (lambda context: None, "ok", ()),
        (lambda context: iter(["a is wrong", "b is wrong"]), "failed", ("a is wrong", "b is wrong")),
        (raising(Skipped("nobody to ask")), "skipped", ("nobody to ask",)),
        (raising(aws_error("Throttling")), "failed", ("it could not be tested: An error occurred (Throttling)",)),
        (raising(ConnectionRefusedError(111, "refused")), "failed", ("it could not be tested: [Errno 111] refused",)),
        (raising(KeyError("Items")), "failed", ("it could not be tested: KeyError 'Items'",)),
    ],
)
def test_what_comes_of_a_check(test, outcome, reasons):
    (found,) = outcomes(check(test=test))
    assert found.outcome == outcome
    assert len(found.reasons) == len(reasons)
    assert all(reason.startswith(start) for reason, start in zip(found.reasons, reasons, strict=True))
    assert found.claim == "neuroglancer.lab.test is well."
    assert found.todo == ("Run it." if outcome == "failed" else "")


def test_a_missing_right_is_named():
    context = context_of({"get_bucket_acl": aws_error("AccessDenied")})
    (found,) = outcomes(check(test=lambda context: context.aws.call("s3", "get_bucket_acl")), context=context)
    assert found.outcome == "failed"
    assert "the IAM permission s3:GetBucketAcl is missing" in found.reasons[0]
    assert found.todo == "Give who runs this s3:GetBucketAcl."


def test_what_needs_a_failed_one_is_skipped_and_the_others_run():
    found = outcomes(
        check("first", lambda context: ["no"]),
        check("second", needs=("first",)),
        check("third", needs=("second",)),
        check("fourth"),
    )
    assert [one.outcome for one in found] == ["failed", "skipped", "skipped", "ok"]
    assert found[1].reasons == ("needs first, which failed",)
    assert found[2].reasons == ("needs second, which was skipped",)


def test_a_question_is_asked_once_until_forgotten():
    numbers = itertools.count()
    context = context_of({"list": lambda **_: {"n": next(numbers)}})
    assert [context.aws.call("s3", "list", Bucket="a")["n"] for _turn in range(2)] == [0, 0]
    assert context.aws.call("s3", "list", Bucket="b")["n"] == 1
    context.aws.forget()
    assert context.aws.call("s3", "list", Bucket="a")["n"] == 2


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(engine.time, "monotonic", lambda: self.now)

    def sleep(self, seconds):
        self.now += seconds


def coming_true(after):
    """Wrong so many times, then right."""
    tries = itertools.count()
    return lambda context: ["not yet"] if next(tries) < after else []


@pytest.mark.parametrize(
    ("after", "wait", "settles", "outcome", "slept"),
    [
        (0, 100, True, "ok", 0),
        (2, 100, True, "ok", 20),
        (99, 100, True, "failed", 100),
        (1, 0, True, "failed", 0),
        (1, 100, False, "failed", 0),
    ],
)
def test_only_what_takes_time_is_waited_for(monkeypatch, after, wait, settles, outcome, slept):
    clock = Clock(monkeypatch)
    (found,) = outcomes(check(test=coming_true(after), settles=settles), wait=wait, sleep=clock.sleep)
    assert (found.outcome, clock.now) == (outcome, slept)


def test_what_was_skipped_runs_once_its_need_is_there(monkeypatch):
    clock, runs = Clock(monkeypatch), []
    found = outcomes(
        check("good", lambda context: runs.append("good")),
        check("name", coming_true(1), settles=True),
        check("page", lambda context: runs.append("page"), needs=("name",)),
        wait=60,
        sleep=clock.sleep,
    )
    assert [one.outcome for one in found] == ["ok", "ok", "ok"]
    assert runs == ["good", "page"], "what was well is not asked again"


# --- The checks that there are -----------------------------------------------------------------------------------


def test_names_are_unique():
    assert len({one.name for one in ALL}) == len(ALL) > 60


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_texts_can_be_filled_in_and_needs_come_first(one):
    for text in (one.claim, one.how, one.todo):
        assert text.format_map(engine.words(context_of())).strip()
        assert text[0].isupper() or text[0] in "{/h"
    assert one.claim.endswith(".")
    assert one.todo.endswith(".")
    before = [other.name for other in ALL[: ALL.index(one)]]
    assert set(one.needs) <= set(before)


def test_lines_that_texts_name_exist():
    named = {
        name
        for one in ALL
        for match in re.findall(r"lines? ([a-z, -]+?)(?:;|\.|$)", one.todo)
        for name in re.split(", | and ", match)
    }
    named = {name for name in named if "-" in name}
    assert named
    assert named <= {one.name for one in ALL}


def test_what_checks_know_is_what_the_module_takes():
    optional = {"test_user", "test_password", "build", "plan_only", "wait_timeout", "report_dir"}
    optional |= {*verify.OF_IGV, "list_all_buckets", "config_dir", "config_url"}
    assert set(KNOWN) - {"region"} == set(verify.OPTIONS) - optional


# --- The report --------------------------------------------------------------------------------------------------

GOOD = Outcome("names", "Names", "ok", "A resolves.", "A look-up", (), "", 0.1)
BAD = Outcome(
    "doors", "Instance", "failed", "<b>Closed</b>.", "Knocking", ("port 22 answers", "<i>port</i> 80"), "Close it.", 0.2
)
OPEN = Outcome("cookies", "Instance", "skipped", "Short.", "A sign-in", ("nobody to sign in as",), "", 0.0)


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.addresses, self.text = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.addresses += [value for name, value in attrs if name in ("href", "src", "action", "srcset")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_page_is_whole_and_needs_nothing_else():
    text = report.page("neuroglancer.lab.test", "2026-11-22T01:02:03+00:00", [GOOD, BAD, OPEN])
    page = Page(text)
    assert page.open == []
    assert page.addresses == ["#doors"], "it links to what failed, and to nothing elsewhere"
    assert "url(" not in text
    assert "@import" not in text
    assert ("html", {"lang": "en"}) in page.tags
    assert [attrs.get("id") for tag, attrs in page.tags if tag == "tr" and "id" in attrs] == [
        "names",
        "doors",
        "cookies",
    ]
    assert page.text.count("<i>port</i> 80") == 2, "escaped, in the list of failures and in the table"
    assert "<b>Closed</b>." in page.text
    assert "1 ok, 1 failed, 1 skipped" in page.text
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_a_page_without_failures_has_no_list_of_them():
    assert "What failed" not in report.page("a", "b", [GOOD, OPEN])


def test_lines_of_the_console():
    assert report.lines([GOOD, BAD, OPEN]) == [
        "ok      names                    A resolves.",
        "FAILED  doors                    <b>Closed</b>. No: port 22 answers; <i>port</i> 80.",
        "skipped cookies                  Short. Open: nobody to sign in as.",
        "1 ok, 1 failed, 1 skipped",
    ]


def test_what_would_be_looked_at_is_told_without_a_look():
    site = KNOWN["site_domain"]
    never = check("doors", raising(AssertionError))
    assert report.plan({"Site": [check(), never]}, context_of()) == [
        f"would look at  one                      {site} is well.",
        f"would look at  doors                    {site} is well.",
    ]


def test_the_message_names_what_failed_and_what_to_do():
    assert report.failures([GOOD, BAD, OPEN]) == (
        "One claim does not hold:\n- doors: port 22 answers; <i>port</i> 80. What to do: Close it."
    )
