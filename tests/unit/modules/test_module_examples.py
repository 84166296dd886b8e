"""The EXAMPLES of each module that manages something in AWS are run, task after task, and each once more.

Templates are Ansible's own. Ids and files of the examples stand for what `PREPARED` makes.
"""

from __future__ import annotations

import importlib
import json
import pathlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests import modules

POOL = "us-east-1_AbCdEfGhI"
SECRETS = {"google_client_secret": "GOCSPX-1", "keycloak_client_secret": "kc-1", "origin_secret": "o-1"}
AGAIN = {
    "Invite somebody, or send the invitation again": True,
    "Keep somebody out from now on": True,
    # moto makes RSA keys only, so the certificate that was made is none of those asked for
    "The same names with a key on an elliptic curve, in the region of a load balancer": True,
}
MODULES = pathlib.Path(__file__).parents[3] / "plugins/modules"


def a_pool(client: Callable[[str], Any]) -> dict[str, str]:
    return {POOL: client("cognito-idp").create_user_pool(PoolName="lab-viewer")["UserPool"]["Id"]}


def a_pool_with_people(client: Callable[[str], Any]) -> dict[str, str]:
    made = a_pool(client)
    for name in ("Google_110248495921238986420", "grace"):
        client("cognito-idp").admin_create_user(UserPoolId=made[POOL], Username=name)
    return made


def a_pool_with_a_client(client: Callable[[str], Any]) -> dict[str, str]:
    made = a_pool(client)
    app = client("cognito-idp").create_user_pool_client(UserPoolId=made[POOL], ClientName="lab-desktop")
    return {**made, "1h57kf5cpq17m0eml12EXAMPLE": app["UserPoolClient"]["ClientId"]}


def public_pem() -> str:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, form).decode()


def a_key(client: Callable[[str], Any]) -> dict[str, str]:
    older = {"CallerReference": "k0", "Name": "lab-viewer-k0-77b0aa51", "EncodedKey": public_pem()}
    client("cloudfront").create_public_key(PublicKeyConfig=older)
    return {"lookup('ansible.builtin.file', 'k1.pub.pem')": "public_key"}


def a_bucket(client: Callable[[str], Any]) -> dict[str, str]:
    client("s3").create_bucket(Bucket="lab-private-data")
    return {}


def a_zone(client: Callable[[str], Any]) -> dict[str, str]:
    client("route53").create_hosted_zone(Name="lab.example.org", CallerReference="x")
    return {}


def a_policy(client: Callable[[str], Any]) -> dict[str, str]:
    """One of the account's own: moto has AWS's only if it loads all of them."""
    allowed = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    made = client("iam").create_policy(PolicyName="AmazonSSMManagedInstanceCore", PolicyDocument=document)
    return {"arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore": made["Policy"]["Arn"]}


def a_function_role(client: Callable[[str], Any]) -> dict[str, str]:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    client("iam").create_role(RoleName="lab-viewer-sign-in", AssumeRolePolicyDocument=document)
    return {"files/sign_in.py": str(MODULES.parents[1] / "roles/identity/files/sign_in.py")}


PREPARED = {
    "acm_certificate": a_zone,
    "cloudfront_distribution": None,
    "cloudfront_key_group": a_key,
    "cloudfront_origin_access_control": None,
    "cloudfront_public_key": a_key,
    "cloudfront_public_key_info": None,
    "cloudfront_response_headers_policy": None,
    "cloudfront_signing_key": None,
    "cognito_identity_pool": a_pool_with_a_client,
    "cognito_identity_provider": a_pool,
    "cognito_user": a_pool_with_people,
    "cognito_user_info": a_pool_with_people,
    "cognito_user_pool": None,
    "cognito_user_pool_client": a_pool,
    "cognito_user_pool_client_info": a_pool_with_a_client,
    "cognito_user_pool_domain": a_pool,
    "s3_bucket_policy_statement": a_bucket,
    "sns_topic": None,
    "iam_role": a_policy,
    "lambda_function": a_function_role,
}


@pytest.fixture
def examples(aws, client, tmp_path, monkeypatch):
    """The tasks of a module's EXAMPLES, as Ansible would load them from a file of tasks."""
    monkeypatch.setattr("moto.settings.ACM_VALIDATION_WAIT", 0, raising=False)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    loader = DataLoader()

    def load(name: str) -> list[dict[str, Any]]:
        text = importlib.import_module(f"ansible_collections.bioviewers.aws.plugins.modules.{name}").EXAMPLES
        for example, real in ((PREPARED[name] or (lambda _client: {}))(client)).items():
            text = text.replace(example, real)
        (tmp_path / "tasks.yml").write_text(text)
        return loader.load_from_file(str(tmp_path / "tasks.yml"), trusted_as_template=True)

    return load


def runs_of(task: dict[str, Any], known: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Which module a task runs with which arguments; several times for a loop."""
    (module,) = (key for key in task if "." in key)
    for item in Templar(DataLoader(), known).template(task.get("loop", [None])):
        yield module, Templar(DataLoader(), {**known, "item": item}).template(task[module])


@pytest.mark.parametrize("name", PREPARED)
def test_examples_run(examples, name):
    known = {**SECRETS, "public_key": public_pem()}
    for task in examples(name):
        for module, arguments in runs_of(task, known):
            result, again = (modules.run(module, **arguments) for _turn in range(2))
            assert not result.get("failed"), (task["name"], result["msg"])
            assert again.get("changed", False) is AGAIN.get(task["name"], False), task["name"]
            if arguments.get("state") == "absent":
                assert result["changed"], f"{task['name']}: there was nothing"
            known[task.get("register", "_")] = result


def test_every_module_of_the_engine_is_here():
    engine = {path.stem for path in MODULES.glob("*.py") if re.search(r"^class .*Resource\):", path.read_text(), re.M)}
    assert len(engine) > 10
    assert engine <= set(PREPARED)
