"""What the control plane adds to Lambda and to AdminCreateUser: the code is kept, and the pool's trigger is asked."""

from __future__ import annotations

import asyncio
import base64
import json

import httpx
import pytest
from starlette.responses import JSONResponse

from aws_edge.login.triggers import PRE_SIGN_UP_ADMIN_CREATE_USER, TriggerError
from sandbox import settings
from sandbox.api import admin_create_user, forwarding, function_code, gateway
from sandbox.process import http_server

ARCHIVE = b"PK\x05\x06archive"
SIGNED = "AWS4-HMAC-SHA256 Credential=sandbox/20261122/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=x"
ARCHIVED = base64.b64encode(ARCHIVE).decode()
FUNCTIONS, COGNITO = "/2015-03-31/functions", "AWSCognitoIdentityProviderService"
USER = {"UserPoolId": "us-east-1_AbCdEfGhI", "Username": "ada@lab.localhost"}


@pytest.fixture
def emulator(monkeypatch, tmp_path):
    """Every emulator: says what it is told to, and notes what reached it."""
    answers = {"status": 200, "reached": []}

    async def forward(request, service, body):
        answers["reached"].append(service)
        streamed = JSONResponse({"FunctionName": "lab-sign-in"}, answers["status"])
        return forwarding.StreamingResponse(iter_of(streamed.body), answers["status"], background=Nothing())

    monkeypatch.setattr(forwarding, "forward", forward)
    monkeypatch.setattr(settings, "FUNCTIONS", tmp_path / "functions")
    monkeypatch.setattr(settings, "REQUEST_LOG", tmp_path / "log")
    return answers


async def iter_of(body: bytes):
    yield body


class Nothing:
    async def __call__(self) -> None:
        return


@pytest.fixture
def ask():
    app = httpx.ASGITransport(http_server.application(gateway.handle))

    def send(service, method, path, body, **headers):
        return asyncio.run(
            request(method, path, json=body, headers={"authorization": SIGNED.format(service), **headers})
        )

    async def request(method, path, **content):
        async with httpx.AsyncClient(transport=app, base_url=settings.ENDPOINT) as client:
            return await client.request(method, path, **content)

    return send


def kept() -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in settings.FUNCTIONS.glob("*")]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", FUNCTIONS, {"FunctionName": "lab-sign-in", "Code": {"ZipFile": ARCHIVED}}),
        ("PUT", f"{FUNCTIONS}/lab-sign-in/code", {"ZipFile": ARCHIVED}),
        (
            "PUT",
            f"{FUNCTIONS}/arn:aws:lambda:x:1:function:lab-sign-in/code",
            {"ZipFile": base64.b64encode(ARCHIVE).decode()},
        ),
    ],
)
def test_code_is_kept_as_it_was_uploaded(emulator, ask, method, path, body):
    answer = ask("lambda", method, path, body)
    assert answer.json() == {"FunctionName": "lab-sign-in"}
    assert kept() == [("lab-sign-in.zip", ARCHIVE)]


def test_code_that_lambda_refused_or_that_lies_elsewhere_is_not_kept(emulator, ask):
    ask("lambda", "POST", FUNCTIONS, {"Code": {"S3Bucket": "b", "S3Key": "k"}})
    emulator["status"] = 400
    ask("lambda", "POST", FUNCTIONS, {"Code": {"ZipFile": ARCHIVED}})
    assert kept() == []


def test_a_user_is_made_if_the_trigger_agrees(emulator, ask, monkeypatch):
    async def refusal(asked):
        return "PreSignUp failed with error no." if asked["Username"].startswith("eve") else ""

    monkeypatch.setattr(admin_create_user, "trigger_error", refusal)
    target = {"x-amz-target": f"{COGNITO}.AdminCreateUser"}
    assert ask("cognito-idp", "POST", "/", USER, **target).status_code == 200
    assert emulator["reached"] == ["cognito-idp"]
    refused = ask("cognito-idp", "POST", "/", {**USER, "Username": "eve@lab.localhost"}, **target)
    told = {"__type": "UserLambdaValidationException", "message": "PreSignUp failed with error no."}
    assert (refused.status_code, refused.json()) == (400, told)
    assert emulator["reached"] == ["cognito-idp"]


@pytest.mark.parametrize(
    ("asked", "attributes"),
    [
        (USER, {"email": "ada@lab.localhost"}),
        ({**USER, "UserAttributes": [{"Name": "email", "Value": "a@b.c"}]}, {"email": "a@b.c"}),
        ({**USER, "Username": "ada"}, {}),
        ({**USER, "MessageAction": "RESEND"}, None),
    ],
)
def test_the_trigger_is_told_who_is_to_be_made(monkeypatch, asked, attributes):
    told = []

    class Triggers:
        async def pre_sign_up(self, source, pool_id, client_id, username, attributes):
            told.append((source, pool_id, attributes))
            raise TriggerError("no")

    monkeypatch.setattr(admin_create_user, "_triggers", Triggers())
    assert asyncio.run(admin_create_user.trigger_error(asked)) == ("" if attributes is None else "no")
    expected = [] if attributes is None else [(PRE_SIGN_UP_ADMIN_CREATE_USER, USER["UserPoolId"], attributes)]
    assert told == expected


def test_a_newer_archive_takes_the_place_of_the_older(emulator):
    for archive in (b"old", b"new"):
        body = json.dumps({"ZipFile": base64.b64encode(archive).decode()}).encode()
        function_code.save(body, b'{"FunctionName": "x"}')
    assert kept() == [("x.zip", b"new")]
