"""The engine's flow, with a resource that lives in a dictionary."""

from __future__ import annotations

import contextlib
import io
import json
import types
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.bioviewers.aws.plugins.module_utils._engine import resource
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import TAGS, WAIT, Passing, Resource
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.unknown import is_unknown, unknown
from botocore.exceptions import ClientError


class Shelf(Resource):
    service = "sts"
    noun = "book shelf"
    options: ClassVar = {
        "name": {"required": True},
        "colour": {},
        "wood": {},
        "room_id": {},
        "lock_code": {"no_log": True},
        "boards": {"type": "list", "elements": "str"},
        **TAGS,
        **WAIT,
    }
    initial: ClassVar = {"Colour": "white"}
    given = ("Id",)
    within = "room_id"
    immutable: ClassVar = {"Wood": "Build another shelf."}
    secret = frozenset({"LockCode"})
    held: Found | None = None
    calls: ClassVar[list[str]] = []
    ready_after = 0

    def note(self, call: str, found: Found | None) -> Found | None:
        type(self).calls = [*self.calls, call]
        type(self).held = found
        return found

    def find(self):
        return self.held

    def create(self, config):
        return self.note("create", Found(config, {"Id": "S1"}))

    def update(self, found, config):
        if config["Colour"] == "invisible":
            raise ClientError({"Error": {"Code": "BadColour", "Message": "no such colour"}}, "UpdateShelf")
        return self.note("update", Found(config, found.facts))

    def delete(self, found):
        self.note("delete", None)

    def tag(self, found, missing, surplus):
        kept = {key: value for key, value in self.held.tags.items() if key not in surplus}
        self.note(f"tag +{sorted(missing)} -{sorted(surplus)}", replace(self.held, tags={**kept, **missing}))

    def wait(self, found):
        self.note("wait", found)
        return self.until(self.probe, "dry", delay=1)

    def probe(self):
        type(self).ready_after -= 1
        return self.held if self.ready_after < 0 else None


OAK = Found({"Name": "a", "Colour": "red", "Wood": "oak", "LockCode": "1234"}, {"Id": "S1"}, tags={"site": "lab"})


@pytest.fixture
def shelf(aws, monkeypatch):
    """Run the engine on a shelf that is held; the result, with the calls it made."""

    def run(held: Found | None, *, check_mode: bool = False, ready_after: int = 0, **arguments: Any) -> dict[str, Any]:
        monkeypatch.setattr(Shelf, "held", held)
        monkeypatch.setattr(Shelf, "calls", [])
        monkeypatch.setattr(Shelf, "ready_after", ready_after)
        out = io.StringIO()
        given = patch_module_args({"name": "a", **arguments, "_ansible_check_mode": check_mode})
        with given, contextlib.redirect_stdout(out), pytest.raises(SystemExit):
            Shelf.main()
        return {**json.loads(out.getvalue()), "calls": Shelf.calls}

    return run


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("held", "arguments", "changed", "calls"),
    [
        pytest.param(None, {}, True, ["create"], id="create"),
        pytest.param(None, {"tags": {"a": 1}}, True, ["create", "tag +['a'] -[]"], id="create with tags"),
        pytest.param(OAK, {}, False, [], id="nothing asked"),
        pytest.param(OAK, {"colour": "red"}, False, [], id="what is held"),
        pytest.param(OAK, {"colour": "blue"}, True, ["update"], id="update"),
        pytest.param(OAK, {"tags": {"site": "lab"}}, False, [], id="same tags"),
        pytest.param(OAK, {"tags": {"a": "b"}}, True, ["tag +['a'] -[]"], id="more tags"),
        pytest.param(OAK, {"tags": {}}, False, [], id="tags of others"),
        pytest.param(OAK, {"tags": {"a": "b"}, "purge_tags": True}, True, ["tag +['a'] -['site']"], id="other tags"),
        pytest.param(OAK, {"tags": {}, "purge_tags": True}, True, ["tag +[] -['site']"], id="no tags"),
        pytest.param(OAK, {"wait": True}, False, ["wait"], id="wait though nothing changed"),
        pytest.param(OAK, {"state": "absent"}, True, ["delete"], id="delete"),
        pytest.param(None, {"state": "absent", "wait": True}, False, [], id="already gone"),
    ],
)
def test_flow(shelf, held, arguments, changed, calls, check_mode):
    result = shelf(held, check_mode=check_mode, **arguments)
    assert result["changed"] is changed
    assert result["calls"] == ([] if check_mode else calls)


def test_check_mode_shows_the_diff(shelf):
    foreseen, done = (shelf(OAK, check_mode=check_mode, colour="blue")["diff"] for check_mode in (True, False))
    assert foreseen == done
    assert (done["before"]["colour"], done["after"]["colour"]) == ("red", "blue")


def test_diff_of_creation_and_deletion(shelf):
    assert shelf(None, wood="oak")["diff"] == {
        "before": {},
        "after": {"name": "a", "colour": "white", "wood": "oak", "tags": {}},
    }
    assert shelf(OAK, state="absent")["diff"]["after"] == {}


def test_the_result_has_facts_and_configuration(shelf):
    assert shelf(None, wood="oak")["book_shelf"] == {
        "id": "S1",
        "name": "a",
        "colour": "white",
        "wood": "oak",
        "tags": {},
    }
    assert shelf(None, check_mode=True)["book_shelf"]["id"] == "(known after apply: book shelf a)", (
        "ids are not invented"
    )
    assert "book_shelf" not in shelf(OAK, state="absent")


def test_in_what_is_not_made_yet_there_is_nothing_to_be_found(shelf):
    result = shelf(OAK, check_mode=True, room_id="(known after apply: room b)", colour="blue")
    assert (result["changed"], result["diff"]["before"]) == (True, {})
    assert result["diff"]["after"]["room_id"] == "(known after apply: room b)"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (unknown("room b"), True),
        (f"arn:aws:x:{unknown('room b')}", True),
        ({"arns": {"us-east-1": unknown("room b")}}, True),
        ([{"id": "S1"}, [unknown("room b")]], True),
        ({"id": "S1", "none": None, "number": 1}, False),
        ("not made yet", False),
    ],
)
def test_a_stand_in_is_found_wherever_it_is(value, found):
    assert is_unknown(value) is found


def test_a_secret_changes_but_does_not_show(shelf):
    result = shelf(OAK, lock_code="9876-new")
    assert result["changed"]
    assert "1234" not in json.dumps({key: result[key] for key in ("diff", "book_shelf")})
    assert "9876-new" not in json.dumps({key: result[key] for key in ("diff", "book_shelf")})


def test_what_cannot_change_is_refused_also_in_check_mode(shelf):
    for check_mode in (False, True):
        result = shelf(OAK, check_mode=check_mode, wood="pine")
        assert result["failed"]
        assert result["msg"] == (
            "Failed to update book shelf a: wood can't be changed once it is made. Build another shelf."
        )
        assert result["calls"] == []


def test_an_error_says_what_was_tried(shelf):
    result = shelf(OAK, colour="invisible")
    assert result["msg"].startswith("Failed to update book shelf a: ")
    assert "no such colour" in result["msg"]


BUSY = ClientError({"Error": {"Code": "Busy", "Message": "Moving house."}}, "PutShelf")


def refusing(times: int) -> Shelf:
    """A shelf whose every call is refused so many times."""
    answers = iter([BUSY] * times)

    def put_shelf(**_request: Any) -> dict[str, Any]:
        if error := next(answers, None):
            raise error
        return {"Id": "S1"}

    shelf = Shelf.__new__(Shelf)
    shelf.client = types.SimpleNamespace(put_shelf=put_shelf)
    return shelf


@pytest.mark.parametrize(
    ("times", "passing", "waited"),
    [
        (2, Passing("Busy"), 6),
        (2, Passing("Busy", "Moving"), 6),
        (2, Passing("Busy", "Sold"), None),
        (2, Passing("Gone"), None),
        (2, Passing("Busy", seconds=6), 6),
        (3, Passing("Busy", seconds=6), None),
    ],
)
def test_what_passes_by_itself_is_tried_again_for_its_time(monkeypatch, times, passing, waited):
    slept = []
    clock = types.SimpleNamespace(sleep=slept.append, monotonic=lambda: sum(slept))
    monkeypatch.setattr(resource, "time", clock)
    shelf = refusing(times)
    shelf.retry_on = (passing,)
    if waited is None:
        with pytest.raises(ClientError, match="Moving house"):
            shelf.call("put_shelf")
    else:
        assert shelf.call("put_shelf") == {"Id": "S1"}
        assert sum(slept) == waited


def test_waiting_ends(shelf, monkeypatch):
    slept = []
    monkeypatch.setattr(resource.time, "sleep", slept.append)
    assert shelf(OAK, wait=True, ready_after=2)["book_shelf"]["id"] == "S1"
    assert slept == [1, 1]
    result = shelf(OAK, wait=True, wait_timeout=0, ready_after=2)
    assert result["msg"] == "Failed to wait for book shelf a: Not dry after 0 seconds."


@pytest.mark.parametrize(("ids", "found"), [([], None), (["b"], {"Id": "b"})])
def test_only(ids, found):
    assert Resource.only(None, [{"Id": item} for item in ids]) == found


def test_two_of_one_name_are_an_error_with_both_ids():
    with pytest.raises(AnsibleAWSError) as refusal:
        Resource.only(None, [{"Id": "b"}, {"Id": "a"}])
    assert refusal.value.message == "2 have this name: a, b. Delete or rename all but one."
