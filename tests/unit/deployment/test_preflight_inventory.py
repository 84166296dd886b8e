"""Which variables an inventory can set, and what is said of those that it can't."""

from __future__ import annotations

import importlib
import pathlib
import re

import pytest
import yaml
from ansible_collections.bioviewers.aws.plugins.module_utils._inventory import variables as inventory
from ansible_collections.bioviewers.aws.plugins.modules.preflight import OPTIONS

from tools import role_options

ROOT = pathlib.Path(__file__).parents[3]
SPEC = yaml.safe_load((ROOT / "playbooks/vars/inventory.yml").read_text())["inventory_spec"]
DEPLOYMENT = yaml.safe_load((ROOT / "playbooks/vars/deployment.yml").read_text())["deployment"]
ROLES = role_options.role_options(ROOT)
KNOWN = [*SPEC, *ROLES]
action = importlib.import_module("ansible_collections.bioviewers.aws.plugins.action.preflight")


def test_everything_in_the_example_is_a_variable_of_ours():
    text = (ROOT / "inventories/example/group_vars/all.yml").read_text()
    named = set(re.findall(r"^(?:# )?([a-z][a-z0-9_]+):(?= |$)", text, re.MULTILINE))
    assert {"project", "network_vpc_id"} <= named
    assert {name for name in named if name not in KNOWN} == set()


def test_what_the_playbooks_give_is_what_roles_take():
    wired = role_options.wiring(ROOT)
    assert {"network_name", "private_cdn_certificate_arn", "nginx_root"} <= set(wired)
    required = {name for name, spec in ROLES.items() if spec.get("required")}
    assert required <= set(wired), "what a role requires, the playbooks give"
    assert not set(wired) & {"web_instance_type", "network_vpc_id"}


def test_roles_are_found_under_roles_and_in_blocks(tmp_path):
    (tmp_path / "playbooks").mkdir()
    inner = {"ansible.builtin.import_role": {"name": "a"}, "vars": {"a_x": 1}}
    block = {"block": [{"block": [inner]}], "rescue": [{"ansible.builtin.debug": {"msg": "no"}, "vars": {"no": 1}}]}
    play = {"hosts": "all", "roles": [{"role": "b", "vars": {"b_x": "{{ project }}"}}], "tasks": [block]}
    (tmp_path / "playbooks" / "one.yml").write_text(yaml.safe_dump([play]))
    assert role_options.wiring(tmp_path) == {"a_x": 1, "b_x": "{{ project }}"}


@pytest.mark.parametrize(
    ("template", "made_of"),
    [
        ("{{ project }}", ["project"]),
        ("{{ deployment.site_domain }}", ["site_domain"]),
        (["https://{{ deployment.data_domain }}/*"], ["data_domain"]),
        ("{{ deployment.names.staging_bucket }}", ["project", "aws_account_id", "aws_region"]),
        ("{{ deployment.port }}", []),
        ("{{ network_outputs.vpc_id }}", []),
        ("/srv/project", []),
        (8443, []),
    ],
)
def test_what_a_template_is_made_of(template, made_of):
    assert inventory.sources(template, SPEC, DEPLOYMENT) == made_of


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"data_buket": "x"}, {"data_buket": "data_bucket"}),
        ({"web_instance_typ": "x"}, {"web_instance_typ": "web_instance_type"}),
        ({"projects": "x", "project": "y"}, {}),
        ({"my_data": "x"}, {}),
        ({"vault_google_client_secret": "x"}, {}),
        ({"google_client_secret_": "x", "google_client_secret": "{{ google_client_secret_ }}"}, {}),
        ({"domains": "x", "site_domain": "a.{{ domains }}"}, {}),
        ({"ansible_aws_region": "x"}, {}),
        ({"__identity_user_pool": "x"}, {}),
        ({"domains": "x", "resource_tags": {"Lab": "{{ domains }}"}}, {}),
    ],
)
def test_only_a_misspelt_name_is_taken_for_one(given, meant):
    assert inventory.misspelt(given, KNOWN) == meant


def test_a_misspelt_name_is_found_for_a_missing_one():
    assert inventory.resembling("data_bucket", {"data_buckett": "x"}, KNOWN) == "data_buckett"
    assert inventory.resembling("data_bucket", {"bucket": "x"}, KNOWN) == ""


@pytest.mark.parametrize(
    ("secret", "template", "told"),
    [
        (False, "{{ 'tell this' | no }}", "broken: tell this"),
        (True, "{{ 'tell this' | no }}", "broken: ..."),
        (True, "{{ lookup('file', 'tell this') }}", "broken: tell this"),
    ],
)
def test_the_reason_of_a_secret_has_nothing_of_its_template(secret, template, told):
    assert action.reason(ValueError("broken:\n  tell this."), secret, template) == told


def test_the_module_takes_only_variables_of_an_inventory():
    assert set(OPTIONS) - {"build", "inventory_spec", "variable_names"} <= set(KNOWN)


def test_the_checks_only_read():
    sources = [path.read_text() for path in (ROOT / "plugins/module_utils/_deployment").rglob("*.py")]
    call = re.compile(
        r"""(?:call|pages|call_or_none)\(\s*(?:[\w\[\]"]+,\s*)?"([a-z0-9-]+)",\s*"([a-z_]+)\"""", re.DOTALL
    )
    operations = {operation for source in sources for _service, operation in call.findall(source)}
    assert len(operations) > 20
    assert {name for name in operations if not name.startswith(("describe_", "get_", "head_", "list_"))} == set()
