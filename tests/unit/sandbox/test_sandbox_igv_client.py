"""The client that plays IGV Desktop: which configuration it takes, and what it asks for."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.demo import igv_client

LAB = {
    "auth_provider": "Amazon",
    "client_id": "c",
    "client_secret": "s",
    "scope": "openid%20email",
    "authorization_endpoint": "https://login.localhost/oauth2/authorize",
    "token_endpoint": "https://login.localhost/oauth2/token",
    "redirect_uris": ["http://localhost:60151/oauthCallback"],
    "aws_region": "us-east-1",
    "aws_cognito_fed_pool_id": "us-east-1:1",
    "aws_cognito_role_arn": "arn:aws:iam::123456789012:role/reader",
}
GOOGLE = {"auth_provider": "Google", "client_id": "g"}
OLDER = {**LAB, "client_id": "older"}


def without(*keys: str, **more: str) -> dict:
    return {**{key: value for key, value in LAB.items() if key not in keys}, **more}


READ = {
    "an object": (json.dumps(LAB).encode(), LAB),
    "packed": (gzip.compress(json.dumps(LAB).encode()), LAB),
    "the last of several": (json.dumps([GOOGLE, OLDER, LAB]).encode(), LAB),
    "before another provider": (json.dumps([LAB, GOOGLE]).encode(), LAB),
    "other names": (
        json.dumps(
            without(
                *("authorization_endpoint", "token_endpoint", "redirect_uris"),
                auth_uri=LAB["authorization_endpoint"],
                token_uri=LAB["token_endpoint"],
                redirect_uri=LAB["redirect_uris"][0],
            )
        ).encode(),
        LAB,
    ),
    "no secret": (json.dumps(without("client_secret")).encode(), {**LAB, "client_secret": ""}),
}


@pytest.mark.parametrize("case", READ)
def test_a_configuration_is_read(tmp_path, case):
    content, expected = READ[case]
    (tmp_path / "oauth-config.json").write_bytes(content)
    found = igv_client.read(tmp_path / "oauth-config.json")
    assert (found.client_id, found.client_secret) == (expected["client_id"], expected["client_secret"])
    assert found.authorization_endpoint == expected["authorization_endpoint"]
    assert found.redirect_uri == expected["redirect_uris"][0]


@pytest.mark.parametrize("key", [key for key in LAB if key not in ("client_secret", "redirect_uris")])
def test_none_is_read_that_lacks_a_key(tmp_path, key):
    (tmp_path / "oauth-config.json").write_text(json.dumps(without(key)))
    with pytest.raises((KeyError, IndexError)):
        igv_client.read(tmp_path / "oauth-config.json")


def test_the_login_is_asked_for_with_the_verifiers_challenge(tmp_path):
    (tmp_path / "oauth-config.json").write_text(json.dumps(LAB))
    address = igv_client.authorization_address(igv_client.read(tmp_path / "oauth-config.json"), "here", "verifier")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    digest = base64.urlsafe_b64decode(asked.pop("code_challenge") + "=")
    assert digest == hashlib.sha256(b"verifier").digest()
    assert asked == {
        "state": "here",
        "redirect_uri": LAB["redirect_uris"][0],
        "client_id": "c",
        "response_type": "code",
        "code_challenge_method": "S256",
        "scope": "openid email",
    }
