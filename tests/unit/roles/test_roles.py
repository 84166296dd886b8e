"""What every role keeps to: a default stands in one place, a role knows its own variables only, and no other role."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from typing import Any

import jinja2
import jinja2.meta
import pytest
import yaml

ROLES = sorted(path.parent for path in (pathlib.Path(__file__).parents[3] / "roles").glob("*/tasks"))
# What Ansible and Jinja bring, besides ansible_*.
BUILT_IN = {"dict", "hostvars", "inventory_hostname", "item", "lookup", "now", "omit", "query", "range", "role_path"}
EXPRESSIONS = {"changed_when", "failed_when", "that", "until", "when"}
READ_ONLY = {
    f"ansible.builtin.{name}" for name in ("assert", "debug", "fail", "include_tasks", "meta", "set_fact", "stat")
}
# What the build of the viewer makes for itself and takes away again.
PASSING = {"Clear the work directory", "Create the work directory", "Remove the work directory", "Create the inputs"}
PASSING |= {"Build the bundle", "Install the bundle of the controller"}

FOREIGN = ("amazon.aws.", "community.aws.")

every_role = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)


class Anything(dict):
    """Filters and tests of which only the names matter here."""

    def get(self, _name: str, _default: Any = None) -> Any:
        return str


def load(path: pathlib.Path) -> Any:
    return yaml.safe_load(path.read_text()) if path.exists() else None


def sources(role: pathlib.Path) -> list[Any]:
    folders = ("tasks", "handlers", "vars", "defaults")
    return [load(path) for folder in folders for path in (role / folder).rglob("*.yml")]


def pairs(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every key with what stands under it, at any depth; the items of a list under the list's key."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield name, value
            yield from pairs(value, name)
    elif isinstance(node, list):
        for value in node:
            yield key, value
            yield from pairs(value, key)


def template(key: str, value: Any) -> str:
    """The Jinja template in a value, if it is one."""
    if isinstance(value, str) and ("{{" in value or "{%" in value):
        return value
    return f"{{{{ {value} }}}}" if isinstance(value, str) and key in EXPRESSIONS else ""


def variables_of(text: str) -> set[str]:
    environment = jinja2.Environment(autoescape=True)
    environment.filters = environment.tests = Anything()
    return jinja2.meta.find_undeclared_variables(environment.parse(text))


def read_by(role: pathlib.Path) -> set[str]:
    texts = [template(key, value) for source in sources(role) for key, value in pairs(source)]
    texts += [path.read_text() for path in (role / "templates").rglob("*.j2")]
    names = set().union(*map(variables_of, texts)) - BUILT_IN
    return {name for name in names if not name.startswith("ansible_")}


def set_by(role: pathlib.Path) -> set[str]:
    named = {"register", "loop_var", "index_var"}
    mappings = {"vars", "ansible.builtin.set_fact"}
    names: set[str] = set()
    for key, value in [pair for source in sources(role) for pair in pairs(source)]:
        names |= {value} if key in named else set(value) if key in mappings and isinstance(value, dict) else set()
    return names - {"cacheable"}


@every_role
def test_each_option_has_its_default_in_defaults_and_each_default_its_option(role: pathlib.Path) -> None:
    options = load(role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    optional = {name for name, spec in options.items() if not spec.get("required")}
    assert set(load(role / "defaults" / "main.yml") or {}) == optional


@every_role
def test_each_entry_point_takes_what_the_role_takes(role: pathlib.Path) -> None:
    specs = load(role / "meta" / "argument_specs.yml")["argument_specs"]
    assert all((role / "tasks" / f"{name}.yml").exists() for name in specs)
    assert all(spec["options"].items() <= specs["main"]["options"].items() for spec in specs.values())


@every_role
def test_a_role_reads_only_its_own_variables(role: pathlib.Path) -> None:
    assert {name for name in read_by(role) if not name.startswith((f"{role.name}_", f"__{role.name}_"))} == set()


@every_role
def test_a_role_publishes_its_outputs_and_nothing_else(role: pathlib.Path) -> None:
    public = {name for name in set_by(role) if not name.startswith(f"__{role.name}_")}
    assert public <= {f"{role.name}_outputs"}
    if public:
        assert list(load(role / "tasks" / "main.yml")[-1]["ansible.builtin.set_fact"]) == [f"{role.name}_outputs"]


@every_role
def test_no_role_calls_another(role: pathlib.Path) -> None:
    used = {key for source in sources(role) for key, _other in pairs(source)}
    assert not used & {"ansible.builtin.include_role", "ansible.builtin.import_role"}
    assert not load(role / "meta" / "main.yml").get("dependencies")


# In Python's patterns `$` also stands before a line feed at the end, which a value from a file easily has.
LOOSE_END = re.compile(r"""match['(][^{}]*?\$'|: \S*[\]+*?)]\$"?$""", re.MULTILINE)


@every_role
def test_a_pattern_ends_where_the_value_ends(role: pathlib.Path) -> None:
    files = [path for folder in ("tasks", "vars") for path in (role / folder).glob("*.yml")]
    assert {path.name: found for path in files if (found := LOOSE_END.findall(path.read_text()))} == {}


def tasks(node: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every task of a list, blocks opened."""
    for task in node:
        parts = [task[name] for name in ("block", "rescue", "always") if name in task]
        yield from [inner for part in parts for inner in tasks(part)] if parts else [task]


def writes(task: dict[str, Any]) -> bool:
    module = next(name for name in task if "." in name)
    return not (module in READ_ONLY or module.endswith("_info") or task.get("changed_when") is False)


@every_role
def test_what_a_role_changes_is_told_at_the_end_of_a_run(role: pathlib.Path) -> None:
    """playbooks/summary.yml goes by what the tasks registered."""
    files = (load(path) for path in (role / "tasks").glob("*.yml"))
    silent = {task["name"] for file in files for task in tasks(file) if writes(task) and "register" not in task}
    assert {name.rpartition("| ")[2] for name in silent} <= PASSING


@every_role
def test_tags_of_others_are_left(role):
    """An organization's own tags would go and come back with every run; the modules of others take them by default."""
    tasks = [task for path in (role / "tasks").rglob("*.yml") for task in load(path)]
    asked = [options or {} for task in tasks for name, options in task.items() if name.startswith(FOREIGN)]
    assert all(options.get("purge_tags") is False for options in asked if "tags" in options)
