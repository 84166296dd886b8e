"""The triggers of a user pool, run from the code that was uploaded, at each sign-in and each renewal of tokens."""

from __future__ import annotations

import io
import json
import pathlib
import zipfile

import pytest

from aws_edge.login import triggers
from aws_edge.tokens import claims_of
from fake_google import SUB
from federated_login import let, make_provider, sign_in, user
from hosted_login import PASSWORD, USER, Browser, Pool, authorize, form, redeem, returned

pytestmark = pytest.mark.conformance

SIGN_IN = pathlib.Path(__file__).parents[3] / "roles" / "identity" / "files" / "sign_in.py"
NAME, LOG = "lab-sign-in", "/aws/lambda/lab-sign-in"
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}]}
LAB = ["lab.localhost"]


def archive(text: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("sign_in.py", text)
        file.writestr("allow_list.py", SIGN_IN.with_name("allow_list.py").read_text())
    return packed.getvalue()


class Function:
    """The function as the role makes it, and its code as the control plane keeps it."""

    def __init__(self, client, pool: Pool, folder: pathlib.Path) -> None:
        self.calls, self.pool, self.folder = client("lambda"), pool, folder
        self.pool_arn = pool.cognito.describe_user_pool(UserPoolId=pool.id)["UserPool"]["Arn"]
        role = client("iam").create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        client("logs").create_log_group(logGroupName=LOG)
        request = {
            "FunctionName": NAME,
            "Runtime": "python3.13",
            "Handler": "sign_in.handler",
            "Role": role,
            "Timeout": 5,
        }
        code = archive(SIGN_IN.read_text())
        self.arn = self.calls.create_function(**request, Code={"ZipFile": code})["FunctionArn"]
        self.keep(code)
        self.allow()
        self.permit()

    def keep(self, code: bytes) -> None:
        (self.folder / f"{NAME}.zip").write_bytes(code)

    def is_now(self, text: str) -> None:
        self.keep(archive(text))
        self.calls.update_function_code(FunctionName=NAME, ZipFile=archive(text))

    def allow(self, *domains: str, emails: tuple[str, ...] = ()) -> None:
        allowed = json.dumps({"domains": domains, "emails": emails})
        self.calls.update_function_configuration(FunctionName=NAME, Environment={"Variables": {"ALLOWED": allowed}})

    def permit(self, **changes: str) -> None:
        rights = {
            "Action": "lambda:InvokeFunction",
            "Principal": "cognito-idp.amazonaws.com",
            "StatementId": "user-pool",
        }
        conditions = {"SourceArn": self.pool_arn, "SourceAccount": "123456789012"}
        self.calls.add_permission(FunctionName=NAME, **{**rights, **conditions, **changes})

    def forbid(self) -> None:
        self.calls.remove_permission(FunctionName=NAME, StatementId="user-pool")

    def use(self, **config: object) -> None:
        self.pool.cognito.update_user_pool(UserPoolId=self.pool.id, LambdaConfig=config)

    def use_as_the_role_does(self) -> None:
        self.use(PreSignUp=self.arn, PreTokenGenerationConfig={"LambdaArn": self.arn, "LambdaVersion": "V1_0"})


@pytest.fixture
def function(client, pool, tmp_path) -> Function:
    made = Function(client, pool, tmp_path)
    make_provider(pool)
    let(pool, "Google", "COGNITO")
    made.use_as_the_role_does()
    return made


@pytest.fixture
def log(client, function):
    """What the function wrote to its log."""

    def lines() -> list[dict]:
        logs = client("logs")
        streams = [each["logStreamName"] for each in logs.describe_log_streams(logGroupName=LOG)["logStreams"]]
        events = [logs.get_log_events(logGroupName=LOG, logStreamName=each)["events"] for each in streams]
        return [json.loads(event["message"]) for stream in events for event in stream]

    return lines


def native(browser: Browser, pool: Pool):
    return browser.submit(form(browser, pool), username=USER, password=PASSWORD)


def users(pool: Pool) -> list[str]:
    return [each["Username"] for each in pool.cognito.list_users(UserPoolId=pool.id)["Users"]]


def refused(reply) -> str:
    answer = returned(reply)
    assert (answer["error"], answer["state"], "code" in answer) == ("invalid_request", "s+/=&1", False)
    return answer["error_description"]


def test_who_is_on_the_list_signs_in_with_google(browser, pool, function, log):
    function.allow(*LAB)
    given = redeem(browser, pool, code=returned(sign_in(browser, pool))["code"])[1]
    assert claims_of(given["access_token"])["username"] == f"Google_{SUB}"
    told = [(line["decision"], line["trigger"]) for line in log()]
    assert sorted(told) == [("let in", triggers.PRE_SIGN_UP_EXTERNAL_PROVIDER), ("let in", triggers.HOSTED_AUTH)], (
        "once each"
    )
    assert {line["email"] for line in log()} == {"grace@lab.localhost"}


def test_who_is_not_on_the_list_is_refused_before_there_is_a_user(browser, pool, function, log):
    function.allow("elsewhere.example")
    before = users(pool)
    description = refused(sign_in(browser, pool))
    assert description == "PreSignUp failed with error This address is not on the list of people who may sign in."
    assert users(pool) == before
    assert "cognito" not in browser.cookies
    assert [line["decision"] for line in log()] == ["refused"]


def test_with_an_empty_list_nobody_comes_from_google_and_the_pools_users_do(browser, pool, function):
    assert "PreSignUp failed" in refused(sign_in(browser, pool))
    assert "code" in returned(native(browser, pool))


def test_an_unverified_address_is_refused(browser, pool, google, function):
    function.allow(*LAB)
    google.claims["email_verified"] = False
    assert "not verified this address" in refused(sign_in(browser, pool))


def test_who_was_taken_off_the_list_is_out_at_the_next_renewal_and_at_each_way_in(browser, pool, function):
    function.allow(*LAB)
    given = redeem(browser, pool, code=returned(sign_in(browser, pool))["code"])[1]
    grant = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    assert "access_token" in redeem(browser, pool, **grant)[1]
    function.allow("elsewhere.example")
    assert redeem(browser, pool, **grant)[1] == {"error": "invalid_grant"}
    by_session = refused(browser.send(authorize(pool.client["ClientId"])))
    assert by_session.startswith("PreTokenGeneration failed with error This address is not on the list")
    browser.cookies.clear()
    assert refused(sign_in(browser, pool)).startswith("PreTokenGeneration failed"), "the user is there already"
    function.allow(*LAB)
    assert "access_token" in redeem(browser, pool, **grant)[1]


def test_a_disabled_user_is_not_asked_about_twice(browser, pool, function, log):
    function.allow(*LAB)
    sign_in(browser, pool)
    pool.cognito.admin_disable_user(UserPoolId=pool.id, Username=user(pool)["Username"])
    before = len(log())
    browser.cookies.clear()
    assert returned(sign_in(browser, pool))["error"] == "access_denied"
    assert len(log()) == before


def test_users_of_the_pool_are_told_on_the_page(browser, pool, function, log):
    function.allow("elsewhere.example")
    page = native(browser, pool)
    assert page.status == 200
    assert "PreTokenGeneration failed with error This address is not on the list" in page.body.decode()
    assert "cognito" not in browser.cookies
    function.allow(emails=(USER.upper(),))
    assert "code" in returned(browser.submit(page, username=USER, password=PASSWORD))
    assert [line["trigger"] for line in log()] == [triggers.HOSTED_AUTH] * 2


def test_a_wrong_password_asks_nothing(browser, pool, function, log):
    assert "Incorrect" in browser.submit(form(browser, pool), username=USER, password="wrong").body.decode()
    assert log() == []


def test_the_session_of_a_user_of_the_pool_is_checked_too(browser, pool, function):
    native(browser, pool)
    assert "code" in returned(browser.send(authorize(pool.client["ClientId"])))
    function.allow("elsewhere.example")
    assert "PreTokenGeneration failed" in refused(browser.send(authorize(pool.client["ClientId"])))


def test_a_first_password_that_is_changed_asks_too(browser, pool, function, log):
    function.allow(*LAB)
    pool.cognito.admin_set_user_password(UserPoolId=pool.id, Username=USER, Password="Temporary-2", Permanent=False)
    page = browser.submit(form(browser, pool), username=USER, password="Temporary-2")
    assert log() == []
    reply = browser.submit(page, new_password="Brand-new-1", confirm_password="Brand-new-1")
    assert "code" in returned(reply)
    assert [line["trigger"] for line in log()] == [triggers.NEW_PASSWORD_CHALLENGE]


PERMISSIONS = {
    "none": None,
    "another pool": {"SourceArn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Other"},
    "another account": {"SourceAccount": "210987654321"},
    "another service": {"Principal": "apigateway.amazonaws.com"},
    "another action": {"Action": "lambda:GetFunction"},
}


@pytest.mark.parametrize("case", PERMISSIONS)
def test_without_a_policy_that_lets_this_pool_call_it_nobody_signs_in(browser, pool, function, log, case):
    function.allow(*LAB)
    function.forbid()
    if PERMISSIONS[case]:
        function.permit(**PERMISSIONS[case])
    assert refused(sign_in(browser, pool)) == "PreSignUp invocation failed due to error AccessDeniedException."
    page = native(browser, pool).body.decode()
    assert "PreTokenGeneration invocation failed due to error AccessDeniedException." in page
    assert log() == []


CODES = {
    "raises": ("def handler(event, context): raise ValueError('no')", "failed with error no."),
    "returns nothing": ("def handler(event, context): pass", "Unrecognizable lambda output"),
    "returns no event": ("def handler(event, context): return {}", "Unrecognizable lambda output"),
    "has another handler": ("def handle(event, context): return event", "failed with error"),
    "is no Python": ("def handler(", "failed with error"),
    "ends itself": ("import os\ndef handler(event, context): os._exit(3)", "Runtime exited with error: exit status 3."),
    "takes too long": ("import time\ndef handler(event, context): time.sleep(9)", "Task timed out after 1.00 seconds."),
}


@pytest.mark.parametrize("case", CODES)
def test_a_function_that_fails_lets_nobody_in(browser, pool, function, case):
    text, said = CODES[case]
    function.is_now(text)
    function.calls.update_function_configuration(FunctionName=NAME, Timeout=1)
    assert said in refused(sign_in(browser, pool))


def test_a_function_sees_its_own_environment_alone(browser, pool, function, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_EDGE", "x")
    function.is_now("import os\ndef handler(event, context): raise ValueError(sorted(os.environ))")
    names = refused(sign_in(browser, pool))
    assert "'ALLOWED', 'AWS_LAMBDA_FUNCTION_NAME', 'AWS_REGION'" in names
    assert "SECRET" not in names


def test_other_code_than_lambda_knows_is_not_run(browser, pool, function):
    function.keep(archive("def handler(event, context): return event"))
    assert "ResourceNotFoundException" in refused(sign_in(browser, pool))


@pytest.mark.parametrize("runtime", ["nodejs22.x", "python2.7"])
def test_a_runtime_that_is_not_python_is_not_run(browser, pool, function, runtime):
    function.allow(*LAB)
    function.calls.update_function_configuration(FunctionName=NAME, Runtime=runtime)
    assert "InvalidRuntimeException" in refused(sign_in(browser, pool))


def test_a_function_that_is_gone_lets_nobody_in(browser, pool, function):
    function.calls.delete_function(FunctionName=NAME)
    assert "ResourceNotFoundException" in refused(sign_in(browser, pool))
    function.use()
    assert "code" in returned(sign_in(browser, pool)), "a pool without triggers refuses nobody"


def test_a_function_under_its_older_name_counts(browser, pool, function):
    function.use(PreTokenGeneration=function.arn)
    function.allow("elsewhere.example")
    assert "PreTokenGeneration failed" in refused(sign_in(browser, pool))


def test_the_event_is_as_documented(browser, pool, function):
    function.allow(*LAB)
    function.is_now("import json\ndef handler(event, context): raise ValueError(json.dumps(event))")
    shown = refused(sign_in(browser, pool)).removeprefix("PreSignUp failed with error ").removesuffix(".")
    event = json.loads(shown)
    attributes = event["request"].pop("userAttributes")
    assert attributes.items() >= {"email": "grace@lab.localhost", "email_verified": "true", "name": "Grace"}.items()
    assert event == {
        "version": "1",
        "triggerSource": "PreSignUp_ExternalProvider",
        "region": "us-east-1",
        "userPoolId": pool.id,
        "userName": f"Google_{SUB}",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": pool.client["ClientId"]},
        "request": {"validationData": {}},
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }
