"""What the modules' documentation says is what they take."""

from __future__ import annotations

import importlib
import pathlib

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import STATE, Resource

ROOT = pathlib.Path(__file__).parents[3]
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))
PACKAGE = "ansible_collections.bioviewers.aws.plugins"
SPEC_KEYS = ("default", "choices", "elements", "required", "aliases")


def load(name):
    return importlib.import_module(f"{PACKAGE}.modules.{name}")


def spec_of(name):
    if hasattr(load(name), "OPTIONS"):  # not of the engine
        return load(name).OPTIONS
    kinds = [kind for kind in vars(load(name)).values() if isinstance(kind, type) and issubclass(kind, Resource)]
    kind = next(kind for kind in kinds if kind.__module__.endswith(f".{name}"))
    return {**STATE, **kind.options}


def fragment(name):
    collection, part, section = [*name.rsplit(".", name.count(".") - 1), "documentation"][:3]
    module = importlib.import_module(f"ansible_collections.{collection}.plugins.doc_fragments.{part}")
    return yaml.safe_load(getattr(module.ModuleDocFragment, section.upper()))


def documented(name):
    doc = yaml.safe_load(load(name).DOCUMENTATION)
    options = doc["options"]
    for used in doc["extends_documentation_fragment"]:
        if used.startswith("bioviewers.aws."):
            options = {**options, **fragment(used).get("options", {})}
    return options


def reduced(options, children):
    """Both sides in one form: {name: (type, the rest, suboptions)}."""
    return {
        name: (
            option.get("type", "str"),
            {key: option[key] for key in SPEC_KEYS if option.get(key) not in (None, False, [])},
            reduced(option.get(children) or {}, children),
        )
        for name, option in options.items()
    }


@pytest.mark.parametrize("name", MODULES)
def test_options_are_documented_as_they_are(name):
    assert reduced(documented(name), "suboptions") == reduced(spec_of(name), "options")


def descriptions(value):
    if isinstance(value, dict):
        own = value["description"] if {"description", "type"} <= value.keys() else []
        yield from own if isinstance(own, list) else [own]
        for item in value.values():
            yield from descriptions(item)


@pytest.mark.parametrize("name", MODULES)
def test_descriptions_are_text(name):
    texts = [*descriptions(documented(name)), *descriptions(yaml.safe_load(load(name).RETURN))]
    # "a: b" without quotes is a mapping, which ansible-doc refuses
    assert [text for text in texts if not isinstance(text, str)] == []
    assert len(texts) > 3


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_valid(name):
    tasks = [task for task in yaml.safe_load(load(name).EXAMPLES) if f"bioviewers.aws.{name}" in task]
    assert tasks
    validator = ArgumentSpecValidator({**spec_of(name), "region": {}, "profile": {}})
    for task in tasks:
        assert validator.validate(task[f"bioviewers.aws.{name}"]).error_messages == []


def test_every_module_is_in_the_action_group():
    groups = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["action_groups"]
    assert sorted(entry for entry in groups["aws"] if isinstance(entry, str)) == MODULES
