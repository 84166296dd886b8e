"""The function that decides who may sign in: events as Cognito sends them, and what no event should be."""

from __future__ import annotations

import copy
import json
import pathlib
import sys

import pytest

FILES = pathlib.Path(__file__).parents[3] / "roles" / "identity" / "files"
NATIVE, FEDERATED = "74482418-6041-70b0-5e75-9ce2d2ae3d45", "Google_110248495921238986420"
IDENTITIES = json.dumps([{"userId": FEDERATED[7:], "providerName": "Google", "providerType": "Google"}])
FIRST, HOSTED, AGAIN = "PreSignUp_ExternalProvider", "TokenGeneration_HostedAuth", "TokenGeneration_RefreshTokens"
BY_ADMINISTRATOR, NEW_PASSWORD = "PreSignUp_AdminCreateUser", "TokenGeneration_NewPasswordChallenge"
LONG = ".".join(["a" * 60] * 4)
LAB, ADA = {"domains": ["lab.example.org"]}, {"emails": ["ada@elsewhere.example"]}
NOBODY = {}


sys.path.insert(0, str(FILES))

import sign_in  # noqa: E402


def event(source, email="ada@lab.example.org", **changes):
    """What Cognito sends of somebody from Google, or of a user of the pool with `native`."""
    native = changes.pop("native", source == BY_ADMINISTRATOR)
    attributes = {"email": email, "email_verified": "true", "sub": NATIVE}
    if source != FIRST:
        attributes["cognito:user_status"] = "CONFIRMED" if native else "EXTERNAL_PROVIDER"
    if not native and source != FIRST:
        attributes["identities"] = IDENTITIES
    attributes |= changes.pop("attributes", {})
    return {
        "version": "1",
        "triggerSource": source,
        "region": "us-east-1",
        "userPoolId": "us-east-1_AbCdEfGhI",
        "userName": NATIVE if native else FEDERATED,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "1h57kf5cpq17m0eml12example"},
        "request": {"userAttributes": {name: value for name, value in attributes.items() if value is not None}},
        "response": {},
        **changes,
    }


def native(source, email="ada@lab.example.org", **changes):
    return event(source, email, native=True, **changes)


@pytest.fixture
def ask(monkeypatch):
    """Call the function with a list; what it raised, or an empty text."""

    def call(allowed, asked):
        monkeypatch.setenv("ALLOWED", json.dumps({"domains": [], "emails": [], **allowed}))
        sent = copy.deepcopy(asked)
        try:
            assert sign_in.handler(sent, None) == asked, "it returns what it was given"
        except sign_in.SignInRefusedError as refused:
            return str(refused)
        return ""

    return call


LET_IN = {
    "first time, domain": (LAB, event(FIRST)),
    "first time, address": (ADA, event(FIRST, "ada@elsewhere.example")),
    "each sign-in": (LAB, event(HOSTED)),
    "each renewal": (LAB, event(AGAIN)),
    "by the API": (LAB, event("TokenGeneration_Authentication")),
    "from a device": (LAB, event("TokenGeneration_AuthenticateDevice")),
    "one of several domains": ({"domains": ["a.example", "lab.example.org"]}, event(HOSTED)),
    "domain or address, address": ({**LAB, **ADA}, event(HOSTED, "ada@elsewhere.example")),
    "domain or address, domain": ({**LAB, **ADA}, event(HOSTED)),
    "capitals in the address": (LAB, event(FIRST, "Ada@LAB.Example.ORG")),
    "capitals in a listed person's address": (ADA, event(FIRST, "ADA@Elsewhere.example")),
    "capitals in the listed domain": ({"domains": ["Lab.Example.org"]}, event(FIRST)),
    "capitals in the listed address": ({"emails": ["Ada@Lab.example.ORG"]}, event(FIRST)),
    "as long as can be": ({"domains": [LONG]}, event(HOSTED, f"{'a' * 10}@{LONG}")),
    "plus address of the domain": (LAB, event(FIRST, "ada+viewer@lab.example.org")),
    "a new password is due": (LAB, native(NEW_PASSWORD)),
    "native, empty list": (NOBODY, native(HOSTED)),
    "native, empty list, renewal": (NOBODY, native(AGAIN)),
    "native, empty list, new password": (NOBODY, native(NEW_PASSWORD)),
    "native, empty list, no address at all": (NOBODY, native(HOSTED, None)),
    "native on the list": (LAB, native(HOSTED)),
    "native on the list, whom an administrator vouches for": (LAB, native(HOSTED, attributes={"email_verified": None})),
    "invited, empty list": (NOBODY, event(BY_ADMINISTRATOR)),
    "invited, named by the address": (NOBODY, event(BY_ADMINISTRATOR, userName="ada@lab.example.org")),
    "invited, on the list": (LAB, event(BY_ADMINISTRATOR, attributes={"email_verified": None})),
}


@pytest.mark.parametrize("case", LET_IN)
def test_who_gets_in(ask, case):
    assert ask(*LET_IN[case]) == ""


NOT_LISTED, NOT_VERIFIED = "not on the list", "not verified"
# Each of them stands for one way to be taken for somebody of lab.example.org.
PRETENDERS = {
    "another domain": "eve@elsewhere.example",
    "a domain below": "eve@sub.lab.example.org",
    "the domain above": "eve@example.org",
    "the domain at the end of another": "eve@evil-lab.example.org",
    "the domain at the start of another": "eve@lab.example.org.evil.example",
    "two addresses": "eve@evil.example@lab.example.org",
    "a quoted name": '"eve@evil.example"@lab.example.org',
    "a dot behind": "eve@lab.example.org.",
    "no name": "@lab.example.org",
    "no at": "lab.example.org",
    "a blank before": " eve@lab.example.org",
    "a blank behind": "eve@lab.example.org ",
    "a line break behind": "eve@lab.example.org\n",
    "a line break within": "eve@evil.example\n@lab.example.org",
    "a null": "eve@evil.example\x00@lab.example.org",
    "a list of addresses": "eve@evil.example,ada@lab.example.org",
    "a Cyrillic a": "ada@l\u0430b.example.org",
    "a Kelvin sign": "ada@la\u212a.example.org",
    "a full-width at": "ada\uff20lab.example.org",
    "a full stop of another alphabet": "ada@lab\u3002example.org",
    "a Cyrillic name": "\u0430da@lab.example.org",
    "a dotless i and capitals": "ada@lab.example.org\u0131",
    "nothing": "",
}


@pytest.mark.parametrize("case", PRETENDERS)
@pytest.mark.parametrize("source", [FIRST, AGAIN])
def test_who_is_not_of_the_domain(ask, source, case):
    assert NOT_LISTED in ask({"domains": ["lab.example.org", "lab\u212a.example.org"]}, event(source, PRETENDERS[case]))


REFUSED = {
    "an address that is too long": ({"domains": [LONG]}, event(HOSTED, f"{'a' * 12}@{LONG}"), NOT_LISTED),
    "first time, empty list": (NOBODY, event(FIRST), NOT_LISTED),
    "each sign-in, empty list": (NOBODY, event(HOSTED), NOT_LISTED),
    "each renewal, empty list": (NOBODY, event(AGAIN), NOT_LISTED),
    "taken off the list": (ADA, event(AGAIN), NOT_LISTED),
    "plus address of a listed address": (ADA, event(FIRST, "ada+x@elsewhere.example"), NOT_LISTED),
    "another address of the domain of a listed one": (ADA, event(FIRST, "eve@elsewhere.example"), NOT_LISTED),
    "no address": (LAB, event(HOSTED, None), NOT_LISTED),
    "an address that is no text": (LAB, event(HOSTED, ["ada@lab.example.org"]), NOT_LISTED),
    "unverified": (LAB, event(FIRST, attributes={"email_verified": "false"}), NOT_VERIFIED),
    "unverified later": (LAB, event(AGAIN, attributes={"email_verified": "false"}), NOT_VERIFIED),
    "verified is not said": (LAB, event(FIRST, attributes={"email_verified": None}), NOT_VERIFIED),
    "verified is said oddly": (LAB, event(FIRST, attributes={"email_verified": "True "}), NOT_VERIFIED),
    "verified is no text": (LAB, event(FIRST, attributes={"email_verified": True}), NOT_VERIFIED),
    "native, not on the list": (ADA, native(HOSTED), NOT_LISTED),
    "native, not on the list, renewal": (ADA, native(AGAIN), NOT_LISTED),
    "native, not on the list, new password": (ADA, native(NEW_PASSWORD), NOT_LISTED),
    "invited, not on the list": (ADA, event(BY_ADMINISTRATOR), NOT_LISTED),
    "federated by the name alone": (NOBODY, native(HOSTED, userName="google_110248495921238986420"), NOT_LISTED),
    "federated by the identities alone": (NOBODY, native(HOSTED, attributes={"identities": IDENTITIES}), NOT_LISTED),
    "federated by the status alone": (
        NOBODY,
        native(HOSTED, attributes={"cognito:user_status": "EXTERNAL_PROVIDER"}),
        NOT_LISTED,
    ),
    "no name at all": (NOBODY, native(HOSTED, userName=None), NOT_LISTED),
    "first time, with a native name": (NOBODY, event(FIRST, userName=NATIVE), NOT_LISTED),
    "signing up": (NOBODY, native("PreSignUp_SignUp"), "Nobody can sign up"),
    "before the password": (NOBODY, native("PreAuthentication_Authentication"), "Nobody can sign up"),
    "for a machine": (NOBODY, native("TokenGeneration_ClientCredentials"), "Nobody can sign up"),
    "a trigger that is not known": (NOBODY, native("TokenGeneration_HostedAuthX"), "Nobody can sign up"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_who_does_not_get_in(ask, case):
    allowed, asked, why = REFUSED[case]
    assert why in ask(allowed, asked)


ODD = {
    "nothing": None,
    "a text": "x",
    "an empty event": {},
    "no trigger": {"request": {"userAttributes": {}}, "userName": NATIVE},
    "a trigger that is no text": native(["TokenGeneration_HostedAuth"]),
    "no request": {"triggerSource": HOSTED, "userName": NATIVE},
    "a request that is no mapping": native(HOSTED, request=[]),
    "attributes that are no mapping": native(HOSTED, request={"userAttributes": ["email"]}),
    "no user name": {"triggerSource": HOSTED, "request": {"userAttributes": {}}},
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_refused(ask, case):
    assert ask(NOBODY, ODD[case]) == "Sign-in is not set up rightly"


@pytest.mark.parametrize(
    "environment", [None, "", "{", "[]", "{}", '{"domains": []}', '{"emails": []}', '{"domains": [1], "emails": []}']
)
def test_a_list_that_can_not_be_read_lets_nobody_in(monkeypatch, environment):
    if environment is None:
        monkeypatch.delenv("ALLOWED", raising=False)
    else:
        monkeypatch.setenv("ALLOWED", environment)
    with pytest.raises(sign_in.SignInRefusedError):
        sign_in.handler(native(HOSTED), None)


def test_the_log_says_who_and_why_and_nothing_else(ask, capsys):
    secrets = {"custom:token": "t0ken", "name": "Ada", "phone_number": "+15550100"}
    ask(LAB, event(HOSTED, attributes=secrets))
    ask(LAB, event(FIRST, "eve@elsewhere.example", attributes=secrets))
    ask(LAB, {"request": "odd"})
    let_in, refused, odd = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert let_in == {"decision": "let in", "trigger": HOSTED, "user": FEDERATED, "email": "ada@lab.example.org"}
    why = "This address is not on the list of people who may sign in"
    who = {"trigger": FIRST, "user": FEDERATED, "email": "eve@elsewhere.example"}
    assert refused == {"decision": "refused", **who, "refused": why}
    assert odd["refused"] == "unexpected error: KeyError('triggerSource')"
