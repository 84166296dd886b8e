"""Direct execution: what a module does and tells is the same as in a Python of its own.

One play runs each case twice, first in a Python of its own. Its requests go to the emulators; when the module runs
directly, it gets the same answers again, and must have asked the same.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.api import routing
from tests import recorder
from tests.emulators import MINISTACK_SERVICES, REGION
from tests.unit.strict.life import TABLES

ROOT = pathlib.Path(__file__).parents[3]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
READING = {
    "acm_certificate_info": {"domain_name": "lab.example.org", "regions": [REGION]},
    "cloudfront_public_key_info": {},
    "cognito_user_info": {"user_pool_name": "lab-viewer"},
    "cognito_user_pool_client_info": {"user_pool_id": "us-east-1_lab", "client_id": "c"},
    "deployment_info": {"build": "igv", "project": "lab-igv", "user_pool": "lab-igv"},
    "preflight": {"build": "igv", "project": "lab-igv", "aws_account_id": "123456789012"},
    "verify": {"nonsense": True},
}

# Of amazon.aws and community.aws, which our playbooks run in the same way.
OTHERS = [
    {"amazon.aws.aws_caller_info": {}},
    {"amazon.aws.s3_bucket": {"name": "lab-direct", "tags": {"Project": "lab"}}},
    {"community.aws.s3_lifecycle": {"name": "lab-direct", "prefix": "", "expiration_days": 1, "state": "present"}},
    {"amazon.aws.cloudwatchlogs_log_group": {"log_group_name": "lab-direct", "retention": 30}},
    {"amazon.aws.iam_instance_profile": {"name": "lab-direct"}},
    {"amazon.aws.route53": {"zone": "nowhere.example.org", "record": "a.nowhere.example.org", "type": "A"}},
    {"amazon.aws.ec2_instance_info": {"nonsense": True}},
]
# What a module can do to others, and what it is told by Ansible. Each is done with `direct` and without.
PROBE = """#!/usr/bin/python
import atexit, json, os, pathlib, sys, time
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.respawn import has_respawned, respawn_module

def main():
    module = AnsibleModule({"do": {}, "secret": {"no_log": True}, "file": {"type": "path"}}, supports_check_mode=True)
    do, file = module.params["do"], pathlib.Path(module.params["file"])
    told = {"seen": os.environ.get("PROBE"), "zone": time.strftime("%Z"), "folder": os.getcwd(),
            "umask": os.umask(0o22),
            "check": module.check_mode, "level": module._verbosity, "name": module._name,
            "python": sys.executable, "spoken": "a hushed word",
            "left": [name for name in ("PROBE_LEFT", "PYTHONPROBE") if name in os.environ]}
    os.environ["PROBE_LEFT"] = "yes"
    os.chdir("/")
    file.open("a").write("direct\\n" if "ansible.executor" in sys.modules else "stock\\n")
    if do == "crash":
        raise RuntimeError("boom")
    if do == "die":
        os._exit(3)
    if do == "say nothing":
        return
    if do == "sleep":
        time.sleep(30)
    if do == "warn":
        module.warn("beware")
        module.deprecate("old", version="9.0.0", collection_name="tests.direct")
        print("a line before")
        print("an error", file=sys.stderr)
    if do == "fail":
        module.fail_json(msg="no: a hushed reason", rc=4)
    if do == "respawn" and not has_respawned():
        respawn_module(sys.executable)
    if do == "leave":
        atexit.register(lambda: file.with_suffix(".end").open("a").write("end\\n"))
        pathlib.Path(module.tmpdir, "file").touch()
    module.exit_json(changed=do == "change", diff={"before": "a\\n", "after": "b\\n"}, ansible_facts={"probed": do},
                     stdout="one\\ntwo", respawned=has_respawned(), **told)

if __name__ == "__main__":
    main()
"""
PROBES: list[dict[str, Any]] = [
    {"args": {"do": "change"}, "diff": True},
    {"args": {"do": "change"}, "check_mode": True, "diff": True},
    {"args": {"do": "change", "secret": "hushed"}},
    {"args": {"do": "fail", "secret": "hushed"}},
    {"args": {"do": "crash", "secret": "hushed"}},
    {"args": {"do": "change", "secret": "hushed"}, "no_log": True},
    {"args": {"do": "crash", "secret": "hushed"}, "no_log": True},
    {"args": {"do": "warn"}},
    {"args": {"do": "die"}},
    {"args": {"do": "say nothing"}},
    {"args": {"do": "respawn"}},
    {"args": {"do": "leave"}},
    {"args": {"do": "{{ item }}"}, "loop": ["warn", "change", "crash", "warn", "leave"]},
    {"args": {"do": "change", "nonsense": 1}},
    {"args": {"do": "change"}, "environment": {"PROBE": "it's {{ 1 + 1 }}", "TZ": "Asia/Kathmandu"}},
    {"args": {"do": "change"}, "delegate_to": "127.0.0.1"},
    {"args": {"do": "sleep"}, "timeout": 1},
]
# Not directly, whatever the switch says.
STOCK: list[dict[str, Any]] = [
    {"args": {"do": "change"}, "async": 20, "poll": 1},
    {"args": {"do": "change"}, "environment": {"PYTHONPROBE": "1"}},
    {"args": {"do": "change"}, "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}3"}},
    {"args": {"do": "change"}, "become": True, "become_method": "tests.direct.sham"},
]
BECOME = '''
DOCUMENTATION = """
name: sham
short_description: nobody
description: [becomes nobody else]
options: {}
"""
from ansible.plugins.become import BecomeBase
class BecomeModule(BecomeBase):
    name = "tests.direct.sham"
    def build_become_command(self, cmd, shell):
        return f"PROBE=become {cmd}" if cmd else cmd
    def get_option(self, option, hostvars=None, playcontext=None):
        return None
'''


# A key that a module makes is another each time.
PEM = re.compile("-----BEGIN .*?-----END [A-Z ]+-----", re.DOTALL)


# That of a request for a certificate is another each minute.
TOKEN = re.compile(r'("IdempotencyToken": ?")[^"]*')


def without_keys(text: str) -> str:
    return TOKEN.sub(r"\1", PEM.sub("PEM", text))


class Tape(http.server.ThreadingHTTPServer):
    """Takes down what the emulators answer; afterwards gives the same to who asks the same."""

    def __init__(self, moto: str, ministack: str) -> None:
        super().__init__(("127.0.0.1", 0), Door)
        self.moto, self.ministack = (urllib.parse.urlsplit(url).netloc for url in (moto, ministack))
        self.taken: list[tuple[Any, Any]] = []
        self.differing: list[Any] = []

    def answer(self, way: str, *asked: Any) -> tuple[int, list[tuple[str, str]], bytes]:
        method, path, headers, body = asked
        compared = method, path, without_keys(body.decode("latin-1"))
        if way == "direct":
            return self.again(compared)
        scope = routing.credential_scope(headers, {})
        ministack = scope.service.upper().replace("-", "_") in {*MINISTACK_SERVICES, "COGNITO_IDP"}
        answer, content = recorder.forward(
            self.ministack if ministack else self.moto, method, path, dict(headers), body
        )
        told = answer.status, answer.getheaders(), content
        self.taken.append((compared, told))
        return told

    def again(self, asked: Any) -> Any:
        for place, (was_asked, told) in enumerate(self.taken):
            if was_asked == asked:
                del self.taken[place]
                return told
        self.differing.append(asked)
        return 400, [], b""


class Door(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Tape

    def serve(self) -> None:
        way, _slash, path = self.path.lstrip("/").partition("/")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, headers, content = self.server.answer(way, self.command, f"/{path}", self.headers, body)
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in recorder.OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = serve  # noqa: N815  (http.server's names)

    def log_message(self, *_: object) -> None:
        """Nothing on the console."""


@contextlib.contextmanager
def tape(moto: str, ministack: str) -> Iterator[Tape]:
    with Tape(moto, ministack) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def task(case: dict[str, Any], way: str, **more: Any) -> dict[str, Any]:
    switch = {"bioviewers_aws_direct": way == "direct"}
    return {**case, **more, "name": way, "ignore_errors": True, "vars": {**case.get("vars", {}), **switch}}


def play(folder: pathlib.Path, tasks: list[dict[str, Any]], **more: Any) -> list[Any]:
    """What each task told, as a callback hears it, in a playbook beside which is what is beside ours."""
    (folder / "action_plugins").symlink_to(ROOT / "playbooks" / "action_plugins")
    (folder / "play.yml").write_text(
        json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks, **more}])
    )
    collections = f"{folder}:{ROOT / '.cache' / 'collections'}"
    settings = {"ANSIBLE_COLLECTIONS_PATH": collections}
    settings |= {
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_HOME": str(folder),
        "ANSIBLE_BECOME_ALLOW_SAME_USER": "1",
    }
    command = [sys.executable, "-m", "ansible", "playbook", "play.yml"]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **settings}, capture_output=True, text=True, timeout=900, check=False
    )
    assert "hushed" not in done.stdout.replace("a hushed word", ""), "a secret"
    told = json.loads(done.stdout[done.stdout.index("{\n") :])
    return [task["hosts"]["localhost"] for task in told["plays"][0]["tasks"]]


def pairs(told: list[Any]) -> list[tuple[Any, Any]]:
    return list(zip(told[::2], told[1::2], strict=True))


def test_every_module_has_the_plugin():
    plugins = ROOT / "plugins" / "action"
    assert sorted(path.stem for path in plugins.glob("*.py")) == MODULES
    for name in set(MODULES) - {"preflight"}:
        assert "(direct.ActionModule)" in (plugins / f"{name}.py").read_text()


def cases() -> list[dict[str, Any]]:
    """Each module once in check mode, with all options, and once in earnest: a Python of its own takes its time."""
    made = []
    for table in {table.module: table for table in TABLES}.values():
        name = f"bioviewers.aws.{table.module}"
        made += [{name: table.full(), "diff": True, "check_mode": True}, {name: table.least(), "diff": True}]
    return [*made, *({f"bioviewers.aws.{module}": arguments} for module, arguments in READING.items())]


@pytest.fixture
def role_of_the_function(client) -> None:
    """Without it moto refuses the function, and the module waits for IAM."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    client("iam").create_role(RoleName="lab", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))


@pytest.mark.usefixtures("aws", "role_of_the_function")
@pytest.mark.parametrize("asked", [cases(), OTHERS], ids=["ours", "others"])
def test_each_module_tells_the_same_both_ways(asked, moto, ministack, tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
        monkeypatch.delenv(name)
    with tape(moto, ministack) as door:
        url = f"http://127.0.0.1:{door.server_port}"
        ways = [
            task(case, way, environment={"AWS_ENDPOINT_URL": f"{url}/{way}"})
            for case in asked
            for way in ("stock", "direct")
        ]
        defaults = {"group/bioviewers.aws.aws": {"region": REGION}}
        told = pairs(play(tmp_path, ways, module_defaults=defaults))
    stock, direct = ([json.loads(without_keys(json.dumps(each[way]))) for each in told] for way in (0, 1))
    assert direct == stock
    assert (door.differing, door.taken) == ([], [])
    assert sum(each.get("changed", False) for each in stock) > len(asked) / 4


def test_each_module_has_a_case():
    assert {name.rpartition(".")[2] for case in cases() for name in case if "." in name} == set(MODULES)


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    """Each probe both ways, and what the processes left."""
    folder = tmp_path_factory.mktemp("direct")
    collection = folder / "ansible_collections" / "tests" / "direct"
    for name, content in {"modules/probe": PROBE, "become/sham": BECOME}.items():
        file = collection / "plugins" / f"{name}.py"
        file.parent.mkdir(parents=True)
        file.write_text(content)
    (collection / "plugins" / "action").mkdir()
    (collection / "plugins" / "action" / "probe.py").symlink_to(ROOT / "plugins" / "plugin_utils" / "direct.py")
    tasks = []
    for number, case in enumerate([*PROBES, *STOCK]):
        for way in ("stock", "direct"):
            arguments = {**case["args"], "file": str(folder / f"{number}.{way}")}
            rest = {name: value for name, value in case.items() if name != "args"}
            tasks.append(task({**rest, "tests.direct.probe": arguments}, way))
    return folder, pairs(play(folder, tasks))


@pytest.mark.parametrize("number", range(len(PROBES) + len(STOCK)))
def test_a_module_cannot_tell_where_it_runs(probed, number):
    folder, told = probed
    stock, direct = (plain(each) for each in told[number])
    print(stock, direct, sep="\n")
    assert json.loads(direct) == json.loads(stock)
    ran = [folder / f"{number}.{way}" for way in ("stock", "direct")]
    assert [{*file.read_text().split()} for file in ran if file.exists()] == expected(number)
    assert not list((folder / "tmp").glob("ansible-moduletmp-*"))


def expected(number: int) -> list[set[str]]:
    """Where a probe ran, without the switch and with it."""
    if number >= len(PROBES):
        return [{"stock"}, {"stock"}]
    asked = PROBES[number]["args"]
    if "nonsense" in asked:
        return []  # it did not come so far
    return [{"stock"}, {"direct", "stock"} if asked["do"] == "respawn" else {"direct"}]


def plain(result: dict[str, Any]) -> str:
    """Without what is another each time."""
    return re.sub(r"[0-9]+\.(stock|direct)\b|j[0-9]{9,}\.[0-9]+|/work_[0-9]+", "-", json.dumps(result, sort_keys=True))
