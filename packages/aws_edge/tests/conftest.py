"""A user pool with a hosted login, and a Google that tests script."""

from __future__ import annotations

import httpx
import pytest

from aws_edge.account.api import Api
from aws_edge.account.lambda_functions import Functions
from aws_edge.config import Config, Switches
from aws_edge.login.external_provider import ExternalProvider
from aws_edge.login.login import Login
from aws_edge.login.triggers import Triggers
from fake_google import ISSUER, FakeGoogle
from hosted_login import PASSWORD, USER, Browser, Pool, app_client


@pytest.fixture
def pool(client) -> Pool:
    cognito = client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="lab", UsernameAttributes=["email"])["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain="lab", UserPoolId=pool_id)
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username=USER,
        MessageAction="SUPPRESS",
        TemporaryPassword="Temporary-1",
        UserAttributes=[{"Name": "email", "Value": USER}, {"Name": "email_verified", "Value": "true"}],
    )
    cognito.admin_set_user_password(UserPoolId=pool_id, Username=USER, Password=PASSWORD, Permanent=True)
    return Pool(pool_id, app_client(cognito, pool_id), cognito)


@pytest.fixture
def google() -> FakeGoogle:
    return FakeGoogle()


@pytest.fixture
def switches() -> Switches:
    return Switches()


@pytest.fixture
def browser(pool, ministack, google, switches, tmp_path) -> Browser:
    api = Api(Config("", ministack, "amazoncognito.localhost", cache_seconds=0))
    external = ExternalProvider(google.client(), ISSUER, google.clock)
    backend = httpx.AsyncClient(base_url=ministack, trust_env=False)
    triggers = Triggers(api, Functions(api, tmp_path))
    login = Login(api, backend, external, triggers, switches, google.clock)
    return Browser(lambda asked: login.handle(asked, asked.host.partition(".")[0]))
