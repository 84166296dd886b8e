"""The cookie job: its cookies, judged by the AWS SDK's own signer, and what it does to the host's files."""

from __future__ import annotations

import ast
import base64
import json
import random
import re
import string
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import boto3
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests import oracle

FILES = Path(__file__).parents[3] / "roles" / "signed_cookies" / "files"
sys.path.insert(0, str(FILES))

import signed_cookies as job  # noqa: E402

from tests.unit.roles.refused_settings import refusals  # noqa: E402

NOW = 1_795_313_215.9
Fetch = Callable[[job.Config], job.PrivateKey]
RESOURCES = (
    "https://data.example.org/*",
    "https://*.example.org/*",
    "https://d/?x=1&y=2",
    "https://data.example.org/ünï/*",
)


def pem(key: Any, password: str = "") -> str:
    lock = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock).decode()


def public_pem(key: Any) -> str:
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, public).decode()


@pytest.fixture(scope="module")
def keys() -> list[rsa.RSAPrivateKey]:
    return [rsa.generate_private_key(65537, 2048) for _turn in range(3)]


# --- the cookies


def random_case(seed: int) -> tuple[str, int, str, str]:
    """Resource, expiry, key pair id, hash algorithm."""
    some = random.Random(seed)  # noqa: S311
    path = "".join(some.choices(string.ascii_letters + string.digits + "-._~/*?&=+%", k=some.randrange(200)))
    resource = some.choice([*RESOURCES, f"https://data{seed}.example.org/{path}"])
    key_pair_id = "K" + "".join(some.choices(string.ascii_uppercase + string.digits, k=13))
    return resource, some.randrange(1, 2**33), key_pair_id, some.choice(["SHA1", "SHA256"])


def test_cookies_are_those_of_the_aws_sdk_byte_for_byte(keys):
    cases = [(*random_case(seed), keys[seed % len(keys)]) for seed in range(150)]
    theirs = oracle.sign_many(
        (job.custom_policy(resource, expires).decode(), pem(key), key_pair_id, algorithm)
        for resource, expires, key_pair_id, algorithm, key in cases
    )
    for case, expected in zip(cases, theirs, strict=True):
        resource, expires, key_pair_id, algorithm, key = case
        assert job.create_cookies(job.custom_policy(resource, expires), key, key_pair_id, algorithm) == expected, case


def test_policy_is_what_the_aws_sdk_builds_itself(keys):
    # For a URL and an end the SDK builds the same statement itself. Signatures are equal only if the signed bytes are.
    cases = [random_case(seed) for seed in range(20)]
    asked = [
        {
            "url": resource,
            "dateLessThan": datetime.fromtimestamp(expires, UTC).isoformat(),
            "keyPairId": key_pair_id,
            "privateKey": pem(keys[0]),
            "algorithm": algorithm,
        }
        for resource, expires, key_pair_id, algorithm in cases
    ]
    for (resource, expires, key_pair_id, algorithm), answer in zip(cases, oracle.ask("cookies", asked), strict=True):
        ours = job.create_cookies(job.custom_policy(resource, expires), keys[0], key_pair_id, algorithm)
        assert ours["CloudFront-Signature"] == answer["value"]["CloudFront-Signature"], (resource, answer)


def test_policy_text():
    expected = '{"Statement":[{"Resource":"https://d.example.org/*","Condition":{"DateLessThan":{"AWS:EpochTime":7}}}]}'
    assert job.custom_policy("https://d.example.org/*", 7).decode() == expected


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe\xfd", b"\xfb\xff\xbf", bytes(range(256)), b"?>?>"])
def test_alphabet_can_be_turned_back(raw):
    encoded = job.encode(raw)
    assert re.fullmatch(r"[A-Za-z0-9~_-]*", encoded)
    assert base64.b64decode(encoded.translate(str.maketrans("-_~", "+=/"))) == raw


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no private key"),
        ("-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n", "no private key"),
        (public_pem(ec.generate_private_key(ec.SECP256R1())), "no private key"),
        (pem(rsa.generate_private_key(65537, 2048), "secret"), "without a password"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "not an RSA key of 2048 bits"),
        (pem(rsa.generate_private_key(65537, 3072)), "not an RSA key of 2048 bits"),
    ],
    ids=["empty", "garbage", "public", "password", "elliptic", "3072 bits"],
)
def test_other_keys_are_refused(text, reason):
    with pytest.raises(job.JobError, match=reason) as refusal:
        job.load_private_key(text)
    assert not text or text.splitlines()[1] not in str(refusal.value)


@pytest.mark.parametrize("end", [1_763_810_907, 1_800_000_000, 1_999_999_999, 2_000_000_000])
def test_a_pattern_of_the_time_before_an_end(end):
    near = [end + distance for distance in (-1_000_000_000, -86_400, -3_600, -61, -1, 0, 1, 61, 3_600, 86_400)]
    matched = [bool(re.search(job.msec_before(end), f"{second}.999")) for second in near]
    assert matched == [second < end for second in near]


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256"])
@pytest.mark.parametrize("same_site", ["Lax", "Strict", "None"])
def test_file_for_nginx(config, keys, algorithm, same_site):
    settings = config(hash_algorithm=algorithm, same_site=same_site)
    cookies = job.create_cookies(b"{}", keys[0], "K1", algorithm)
    head, *lines, ready = job.nginx_include(cookies, settings, "abc", 1234).splitlines()
    assert head == "# settings=abc expires=1234"
    assert ready == f'if ($msec ~ "{job.msec_before(1234)}") {{ set $session_ready 1; }}'
    # No `always`: nginx adds the header to successes and redirects only.
    sent = [re.fullmatch(r'add_header Set-Cookie "([^"$]+)";', line)[1] for line in lines]
    read = [morsel for header in sent for morsel in SimpleCookie(header).values()]
    given = [morsel for morsel in read if morsel.value]
    assert {morsel.key: morsel.value for morsel in given} == cookies
    # One that names another hash, from before, would make CloudFront refuse the new signature.
    ended = {morsel.key: morsel["max-age"] for morsel in read if not morsel.value}
    assert ended == ({job.HASH_COOKIE: "0"} if algorithm == "SHA1" else {})
    for morsel in given:
        assert {name: value for name, value in morsel.items() if value} == {
            "domain": "example.org",
            "path": "/",
            "secure": True,
            "httponly": True,
            "samesite": same_site,
        }


# --- the host's files


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., job.Config]:
    """Settings whose commands append to tmp_path/commands what they were called for and the include that they saw."""

    def make(check: str = "exit 0", reload: str = "exit 0", **changes: Any) -> job.Config:
        include, log = tmp_path / "nginx" / "cookies.conf", tmp_path / "commands"
        seen = f"head -n1 {include} >> {log}"
        settings = {
            "resource": "https://data.example.org/*",
            "domain": "example.org",
            "key_pair_id": "K2JCJMDEHXQW5F",
            "parameter_name": "/lab/k1",
            "region": "us-east-1",
            "endpoint_url": "",
            "lifetime": 3600,
            "hash_algorithm": "SHA1",
            "same_site": "Lax",
            "include_path": str(include),
            "check_command": ["sh", "-c", f"printf 'check ' >> {log}; {seen}; {check}"],
            "reload_command": ["sh", "-c", f"printf 'reload ' >> {log}; {seen}; {reload}"],
        }
        return job.Config(**{**settings, **changes})

    (tmp_path / "nginx").mkdir()
    return make


@pytest.fixture
def fetch(keys: list[rsa.RSAPrivateKey]) -> Fetch:
    return lambda config: job.PrivateKey(pem(keys[0]), NOW)


def commands_of(tmp_path: Path) -> list[str]:
    log = tmp_path / "commands"
    return log.read_text().splitlines() if log.exists() else []


def no_key(config: job.Config) -> job.PrivateKey:
    raise job.JobError("ExpiredTokenException")


def test_first_run(config, fetch, tmp_path):
    report = job.run(config(), "abc", NOW, fetch)
    include = tmp_path / "nginx" / "cookies.conf"
    head = f"# settings=abc expires={int(NOW) + 3600}"
    assert include.read_text().startswith(head + "\n")
    assert include.stat().st_mode & 0o777 == 0o600
    assert commands_of(tmp_path) == [f"check {head}", f"reload {head}"]
    assert report == {
        "event": "cookies written",
        "path": str(include),
        "cookies": ["CloudFront-Key-Pair-Id", "CloudFront-Policy", "CloudFront-Signature"],
        "resource": "https://data.example.org/*",
        "key_pair_id": "K2JCJMDEHXQW5F",
        "expires": datetime.fromtimestamp(int(NOW) + 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert sorted(path.name for path in include.parent.iterdir()) == ["cookies.conf", "cookies.conf.lock"]


@pytest.mark.parametrize("before", [None, "# old\n"], ids=["no file before", "a file before"])
@pytest.mark.parametrize(
    ("check", "reload", "key", "reason", "asked", "replaced"),
    [
        ("exit 3", "exit 0", True, "failed with status 3", ["check"], False),
        ("echo no such directive >&2; exit 1", "exit 0", True, "no such directive", ["check"], False),
        ("exit 0", "exit 4", True, "failed with status 4", ["check", "reload"], True),
        ("exit 0", "exit 0", False, "ExpiredTokenException", [], False),
    ],
    ids=["refused by nginx", "refused with words", "no reload", "no key"],
)
def test_failures(config, fetch, tmp_path, before, check, reload, key, reason, asked, replaced):  # noqa: PLR0913, PLR0917
    include = tmp_path / "nginx" / "cookies.conf"
    if before:
        include.write_text(before)
    held = include.stat() if before else None
    with pytest.raises(job.JobError, match=reason):
        job.run(config(check, reload), "abc", NOW, fetch if key else no_key)
    assert [line.split()[0] for line in commands_of(tmp_path)] == asked
    if replaced:
        assert include.read_text().startswith("# settings=abc")
    elif before:
        assert include.read_text() == before
        assert include.stat().st_mtime_ns == held.st_mtime_ns
    else:
        assert not include.exists()
    assert not [path for path in include.parent.iterdir() if path.suffix in {".new", ".old"}]


@pytest.mark.parametrize("command", ["check_command", "reload_command"])
@pytest.mark.parametrize("line", [["/nonexistent/program"], ["sleep", "5"]], ids=["missing", "hanging"])
def test_commands_that_do_not_run(config, fetch, monkeypatch, command, line):
    monkeypatch.setattr(job, "COMMAND_TIMEOUT", 0.2)
    with pytest.raises(job.JobError, match=f"{' '.join(line)} did not run"):
        job.run(config(**{command: line}), "abc", NOW, fetch)


def test_second_run_at_the_same_time_is_kept_out(config, fetch, tmp_path):
    settings = config()

    def fetch_during_another_run(config: job.Config) -> job.PrivateKey:
        with pytest.raises(job.JobError, match=r"Another run is writing .*cookies\.conf"):
            job.run(config, "second", NOW, fetch)
        return fetch(config)

    job.run(settings, "first", NOW, fetch_during_another_run)
    assert Path(settings.include_path).read_text().startswith("# settings=first ")
    job.run(settings, "third", NOW, fetch)
    assert Path(settings.include_path).read_text().startswith("# settings=third ")


def test_what_a_killed_run_left_is_no_hindrance(config, fetch):
    include = Path(config().include_path)
    for leaving in (".new", ".old", ".lock"):
        include.with_name(include.name + leaving).write_text("rubbish")
    job.run(config(), "abc", NOW, fetch)
    assert include.read_text().startswith("# settings=abc ")
    assert include.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in include.parent.iterdir()) == ["cookies.conf", "cookies.conf.lock"]


@pytest.mark.parametrize("directory", ["missing", "commands"], ids=["no directory", "a file in its place"])
def test_directory_that_can_not_be_written(config, fetch, tmp_path, directory):
    (tmp_path / "commands").touch()
    with pytest.raises(OSError, match=directory):
        job.run(config(include_path=str(tmp_path / directory / "cookies.conf")), "abc", NOW, fetch)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "there are no cookies"),
        ("", "made with other settings"),
        ("add_header A b;\n", "made with other settings"),
        (f"# settings=xyz expires={int(NOW) + 3600}\n", "made with other settings"),
        (f"# settings=abc expires={int(NOW) - 1}\n", "expire at 2026-11-22T0"),
        (f"# settings=abc expires={int(NOW) + 1800}\n", "expire at 2026-11-22T0"),
        (f"# settings=abc expires={int(NOW) + 1802}\n", None),
        (f"# settings=abc expires={int(NOW) + 3600}\n", None),
    ],
    ids=["missing", "empty", "foreign", "other settings", "expired", "half its life", "just over half", "fresh"],
)
def test_check(config, text, reason):
    settings = config()
    if text is not None:
        Path(settings.include_path).write_text(text)
    answer = job.check(settings, "abc", NOW)
    assert answer["current"] == (reason is None)
    assert (reason or "") in answer.get("reason", "")


def test_check_knows_what_run_wrote(config, fetch):
    job.run(config(), "abc", NOW, fetch)
    assert job.check(config(), "abc", NOW) == {"current": True}


# --- the key from Parameter Store


@pytest.fixture
def parameter_store(moto: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in {"ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s", "EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return moto


def test_key_comes_decrypted_from_parameter_store(config, parameter_store, keys):
    text = pem(keys[0])
    boto3.client("ssm", "eu-west-1", endpoint_url=parameter_store).put_parameter(
        Name="/lab/signing", Value=text, Type="SecureString", Overwrite=True
    )
    settings = config(endpoint_url=parameter_store, parameter_name="/lab/signing", region="eu-west-1")
    fetched = job.get_private_key(settings)
    assert fetched.pem == text
    assert abs(fetched.now - time.time()) < 5


@pytest.mark.parametrize(
    ("environment", "settings", "reason"),
    [
        ({}, {"parameter_name": "/lab/other"}, "ParameterNotFound"),
        ({"AWS_ACCESS_KEY_ID": ""}, {}, "Unable to locate credentials"),
        ({}, {"endpoint_url": "localhost"}, "Invalid endpoint"),
        ({}, {"endpoint_url": "http://127.0.0.1:1"}, "Could not connect"),
    ],
    ids=["no parameter", "no role", "no URL", "no connection"],
)
def test_key_that_can_not_be_had(config, parameter_store, monkeypatch, environment, settings, reason):
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(job.JobError, match=f"Could not read the private key from SSM parameter /lab/.*{reason}"):
        job.get_private_key(config(**{"endpoint_url": parameter_store, **settings}))


# --- the command line


def write_config(tmp_path: Path, config: job.Config, **changes: Any) -> str:
    path = tmp_path / "config.json"
    members = {name: value for name, value in {**vars(config), **changes}.items() if value is not ...}
    path.write_text(json.dumps(members))
    return str(path)


@pytest.fixture
def key_at_hand(monkeypatch: pytest.MonkeyPatch, keys: list[rsa.RSAPrivateKey]) -> None:
    monkeypatch.setattr(job.run, "__defaults__", (lambda config: job.PrivateKey(pem(keys[0]), time.time()),))


def test_command_line_runs_then_finds_its_work_done(config, key_at_hand, tmp_path, capsys):
    path = write_config(tmp_path, config())
    answers = []
    for arguments in ([path, "--check"], [path], [path, "--check"]):
        assert job.main(arguments) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert [answer.get("current") for answer in answers] == [False, None, True]
    assert answers[1]["event"] == "cookies written"
    assert all(answer["seconds"] >= 0 for answer in answers)
    write_config(tmp_path, config(same_site="Strict"))
    assert job.main([path, "--check"]) == 0
    assert json.loads(capsys.readouterr().out)["reason"] == "the cookies were made with other settings"


def test_a_new_program_makes_new_cookies(config, tmp_path, monkeypatch):
    path = Path(write_config(tmp_path, config()))
    before = job.load_config(path)
    assert job.load_config(path) == before
    newer = tmp_path / "signed_cookies.py"
    newer.write_text(Path(job.__file__).read_text() + "# newer\n")
    monkeypatch.setattr(job, "__file__", str(newer))
    assert job.load_config(path)[1] != before[1]


@pytest.mark.parametrize("tail", ["exit 0", "exit 1"], ids=["success", "failure"])
def test_no_secret_is_logged(config, key_at_hand, keys, tmp_path, capsys, tail):
    include, copy = config().include_path, tmp_path / "copy"
    path = write_config(tmp_path, config(f"cp {include} {copy}; cat {include}; cat {include} >&2; {tail}"))
    assert job.main([path]) == int(tail[-1])
    logged = "".join(capsys.readouterr())
    secrets = re.findall(r"CloudFront-(?:Policy|Signature)=([^;]+);", copy.read_text())
    assert len(secrets) == 2
    assert not [secret for secret in [*secrets, *pem(keys[0]).splitlines()[1:-1]] if secret in logged]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lifetime": 0}, "lifetime is 0 seconds"),
        ({"hash_algorithm": "MD5"}, "hash_algorithm is MD5, not SHA1 or SHA256"),
        ({"domain": 'example.org"; return 200 "'}, "domain is 'example.org"),
        ({"key_pair_id": "K$uri"}, "key_pair_id is 'K$uri'"),
        ({"domain": ...}, "missing 1 required positional argument: 'domain'"),
        ({"colour": "red"}, "unexpected keyword argument 'colour'"),
    ],
    ids=["lifetime", "hash", "quote", "variable", "missing member", "unknown member"],
)
def test_configuration_that_is_wrong(config, tmp_path, capsys, changes, reason):
    assert job.main([write_config(tmp_path, config(), **changes)]) == 1
    said = json.loads(capsys.readouterr().err)
    assert said["event"] == "failed"
    assert reason in said["reason"]


@pytest.mark.parametrize("text", [None, "", "{", "[]", "\x80"], ids=["missing", "empty", "half", "list", "binary"])
def test_configuration_that_can_not_be_read(tmp_path, capsys, text):
    path = tmp_path / "config.json"
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    assert job.main([str(path)]) == 1
    assert "Could not read the configuration" in json.loads(capsys.readouterr().err)["reason"]


def test_program_is_python_3_10():
    ast.parse(Path(job.__file__).read_text(), feature_version=(3, 10))


# --- the role

GOOD = {
    "signed_cookies_resource": "https://data.example.org/*",
    "signed_cookies_domain": "example.org",
    "signed_cookies_key_pair_id": "K2JCJMDEHXQW5F",
    "signed_cookies_parameter_name": "/lab/k1",
    "signed_cookies_region": "us-east-1",
    "signed_cookies_include_path": "/etc/nginx/viewer/cookies.conf",
}
BAD = {
    "signed_cookies_resource": [
        "data.example.org/*",
        "http*://data.example.org/*",
        "https://data.example.org/ *",
        "https://*",
    ],
    "signed_cookies_domain": ["org", ".example.org", "exa mple.org", "https://example.org"],
    "signed_cookies_key_pair_id": ["", "k2", 'K"'],
    "signed_cookies_parameter_name": ["", "/lab/k 1"],
    "signed_cookies_include_path": ["cookies.conf", "/etc/nginx/", "/etc/nginx/co*.conf"],
    "signed_cookies_on_failure": ["mail somebody", "notice@%n.timer"],
    "signed_cookies_interval": [0, 60],
    "signed_cookies_lifetime": [0, 1200],
}


def test_settings_that_are_refused():
    for name, value, said in refusals("signed_cookies", GOOD, BAD):
        assert said.startswith(f"{name} "), (name, value)
        assert str(value) in said
