"""What IGV Desktop does between the menu Amazon and the first read, without its window.

Taken from IGV's own steps (`OAuthUtils`, `OAuthProvider`, `AmazonUtils` in igvteam/igv, 2.19 and 3.0): the same keys of
its configuration, the same requests, nothing that IGV does not send.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import json
import os
import pathlib
import queue
import secrets
import ssl
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import httpx
import pysam
from botocore import UNSIGNED
from botocore.config import Config

from aws_edge.tokens import claims_of
from sandbox import settings

GZIP = b"\x1f\x8b"
# IGV takes no other answer of the token endpoint.
WANTED = ("access_token", "refresh_token", "expires_in", "id_token")
PRESIGNED_SECONDS = 3600
PATIENCE = 60
S3_ADDRESS = f"https://{settings.S3_DOMAIN}"
Tokens = dict[str, Any]


@dataclass(frozen=True)
class Configuration:
    """The keys of oauth-config.json that IGV reads; all others mean nothing to it."""

    client_id: str
    client_secret: str
    authorization_endpoint: str
    token_endpoint: str
    redirect_uri: str
    scope: str
    region: str
    identity_pool_id: str
    role_arn: str


def read(path: pathlib.Path) -> Configuration:
    """The last Amazon provider in a file: one object or a list of them, packed or not."""
    content = path.read_bytes()
    document = json.loads(gzip.decompress(content) if content.startswith(GZIP) else content)
    objects = document if isinstance(document, list) else [document]
    amazon = [each for each in objects if "Amazon" in each["auth_provider"] and "aws_region" in each][-1]
    return Configuration(
        client_id=amazon["client_id"],
        client_secret=amazon.get("client_secret", ""),
        authorization_endpoint=amazon.get("authorization_endpoint") or amazon["auth_uri"],
        token_endpoint=amazon.get("token_endpoint") or amazon["token_uri"],
        redirect_uri=(amazon.get("redirect_uris") or [amazon.get("redirect_uri")])[0],
        scope=amazon["scope"],
        region=amazon["aws_region"],
        identity_pool_id=amazon["aws_cognito_fed_pool_id"],
        role_arn=amazon["aws_cognito_role_arn"],
    )


def sign_in(configuration: Configuration, browse: Callable[[str], object]) -> Tokens:
    """Let `browse` show the login, as a browser that IGV opens, and exchange the code that comes back for tokens."""
    state, verifier = str(uuid.uuid4()), secrets.token_urlsafe(48)
    with _callback(configuration.redirect_uri) as answers:
        browse(authorization_address(configuration, state, verifier))
        answer = answers.get(timeout=PATIENCE)
    if answer.get("state") != state:
        raise ValueError("the login's answer is to another request")
    return _exchange(configuration, answer["code"], state, verifier)


def authorization_address(configuration: Configuration, state: str, verifier: str) -> str:
    """Where IGV sends the browser. The scope is put in as the configuration has it."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    parameters = (
        ("state", state),
        ("redirect_uri", configuration.redirect_uri),
        ("client_id", configuration.client_id),
        ("response_type", "code"),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
        ("scope", configuration.scope),
    )
    return f"{configuration.authorization_endpoint}?{_form(parameters)}"


def _form(parameters: tuple[tuple[str, str], ...]) -> str:
    # IGV encodes nothing.
    return "&".join(f"{name}={value}" for name, value in parameters)


@contextlib.contextmanager
def _callback(redirect_uri: str) -> Iterator[queue.Queue[dict[str, str]]]:
    """The listener on this machine to which the login sends the browser back; its answers, one after the other."""
    place, answers = urlsplit(redirect_uri), queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            known = url.path == place.path
            if known:
                answers.put(dict(parse_qsl(url.query)))
            self.send_response(200 if known else 404)
            self.end_headers()
            # IGV says so whatever comes back.
            self.wfile.write(b"Authorization successful. You may close this tab.")

        def log_message(self, *_arguments: object) -> None:
            """Stay silent: the address has the code in it."""

    with ThreadingHTTPServer((settings.LOOPBACK, place.port), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield answers
        finally:
            server.shutdown()


def _exchange(configuration: Configuration, code: str, state: str, verifier: str) -> Tokens:
    secret = (("client_secret", configuration.client_secret),) if configuration.client_secret else ()
    parameters = (
        ("code", code),
        ("client_id", configuration.client_id),
        *secret,
        ("state", state),
        ("redirect_uri", configuration.redirect_uri),
        ("grant_type", "authorization_code"),
        ("code_verifier", verifier),
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    with httpx.Client(verify=_trust(), trust_env=False, timeout=PATIENCE) as http:
        answer = http.post(configuration.token_endpoint, content=_form(parameters), headers=headers)
    tokens = answer.raise_for_status().json()
    if missing := [name for name in WANTED if name not in tokens]:
        raise ValueError(f"the token endpoint sent no {', '.join(missing)}")
    return tokens


def _trust() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(settings.CA_FILE))


def credentials(configuration: Configuration, id_token: str) -> dict[str, str]:
    """The basic (classic) flow: an identity, a token for it, and the role of the configuration for that token."""
    claims = claims_of(id_token)
    logins = {claims["iss"].removeprefix("https://"): id_token}
    cognito = unsigned("cognito-identity", configuration.region)
    identity = cognito.get_id(IdentityPoolId=configuration.identity_pool_id, Logins=logins)["IdentityId"]
    token = cognito.get_open_id_token(IdentityId=identity, Logins=logins)["Token"]
    return take_role(configuration, token, claims["email"])


def take_role(configuration: Configuration, token: str, email: str) -> dict[str, str]:
    """The last step alone. The session bears the address, so that CloudTrail shows it; its length is left to STS."""
    sts = unsigned("sts", configuration.region)
    arguments = {"RoleArn": configuration.role_arn, "RoleSessionName": email, "WebIdentityToken": token}
    return sts.assume_role_with_web_identity(**arguments)["Credentials"]


def unsigned(service: str, region: str) -> Any:
    """A client without credentials."""
    return boto3.client(
        service, region_name=region, endpoint_url=settings.ENDPOINT, config=Config(signature_version=UNSIGNED)
    )


def storage(configuration: Configuration, given: dict[str, str], address: str = S3_ADDRESS) -> Any:
    """S3 with the role's credentials."""
    return boto3.client(
        "s3",
        region_name=configuration.region,
        endpoint_url=address,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        verify=str(settings.CA_FILE),
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def folder(s3: Any, bucket: str, prefix: str) -> list[str]:
    """What IGV's tree shows when a folder is opened."""
    answer = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, Delimiter="/")
    folders = [each["Prefix"] for each in answer.get("CommonPrefixes", ())]
    return folders + [each["Key"] for each in answer.get("Contents", ()) if each["Key"] != prefix]


def presigned(s3: Any, bucket: str, key: str, seconds: int = PRESIGNED_SECONDS) -> str:
    """The address by which IGV reads an object."""
    return s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key}, ExpiresIn=seconds)


def reads(s3: Any, bucket: str, key: str, locus: str) -> list[pysam.AlignedSegment]:
    """The reads at `chr:start-end`: the whole index, and what it says of the BAM, by presigned addresses."""
    s3.head_object(Bucket=bucket, Key=key)
    os.environ["CURL_CA_BUNDLE"] = str(settings.CA_FILE)
    index = httpx.get(presigned(s3, bucket, f"{key}.bai"), verify=_trust(), trust_env=False).raise_for_status()
    with tempfile.NamedTemporaryFile(suffix=".bai") as file:
        file.write(index.content)
        file.flush()
        with pysam.AlignmentFile(presigned(s3, bucket, key), index_filename=file.name) as bam:
            return list(bam.fetch(region=locus))
