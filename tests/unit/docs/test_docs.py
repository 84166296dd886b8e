"""What README, docs and the example inventory say is so: names, defaults, links, commands, our own messages."""

from __future__ import annotations

import importlib.util
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[3]
EXAMPLE = ROOT / "inventories" / "example" / "group_vars" / "all.yml"
TROUBLESHOOTING = ROOT / "docs" / "troubleshooting.md"
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("sandbox/**/*.md"),
        *ROOT.glob("packages/*/*.md"),
        *ROOT.glob("roles/*/*.md"),
    ]
)
FENCED = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# The sections of the troubleshooting page whose messages are ours, word for word.
OURS = ("What our checks say", "What the viewer's page says", "The sandbox")

spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def test_generated_files_are_current() -> None:
    command = [sys.executable, "docs/generate.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_text_of_a_role_is_written_letter_by_letter() -> None:
    for role in generate.roles():
        lines = (role / "README.md").read_text().splitlines()
        assert not [line for line in lines if len(line) == 1], role


# --- Variables ---------------------------------------------------------------------------------------------------


class Setting(NamedTuple):
    section: str
    name: str
    value: Any
    active: bool


class Loader(yaml.SafeLoader):
    """Takes !vault for what it stands for, some text."""


Loader.add_constructor("!vault", lambda loader, node: loader.construct_scalar(node))


def blocks(text: str) -> Iterator[tuple[str, bool, list[str]]]:
    """The settings of the example; one that is commented out reads `# name: value`, with more of it indented below."""
    section, lines, active = "", [], True
    for line in [*text.splitlines(), ""]:
        start = re.match(r"(# )?[a-z][a-z0-9_]*:( |$)", line)
        if lines and not re.match(r"(# )?  \S", line):
            yield section, active, lines
            lines = []
        if start:
            active, lines = not start[1], [line]
        elif lines:
            lines.append(line)
        section = match[1] if (match := re.match(r"# --- (.*?) -+$", line)) else section


def settings() -> list[Setting]:
    found = []
    for section, active, lines in blocks(EXAMPLE.read_text()):
        loaded = yaml.load("\n".join(line.removeprefix("# ") for line in lines), Loader)  # noqa: S506
        found += [Setting(section, name, value, active) for name, value in loaded.items()]
    return found


SETTINGS = settings()
INVENTORY = generate.inventory_options()
REQUIRED = {name for name, option in INVENTORY.items() if option.get("required")}


def free_role_variables() -> set[str]:
    """The roles' variables that no playbook fills, found by the text alone."""
    given = "\n".join(path.read_text() for path in ROOT.glob("playbooks/**/*.yml"))
    known = [name for role in generate.roles() for name in generate.defaults_of(role)]
    return {name for name in known if not re.search(rf"^ +{name}:", given, re.MULTILINE)}


def defaults() -> dict[str, Any]:
    given = {setting.name: setting.value for setting in SETTINGS if setting.name in REQUIRED}
    roles = [generate.defaults_of(role) for role in generate.roles()]
    return {name: value for group in [*roles, generate.inventory_defaults(**given)] for name, value in group.items()}


def test_the_example_can_be_used_as_it_stands() -> None:
    assert set(yaml.safe_load(EXAMPLE.read_text())) == REQUIRED


def test_required_variables_come_first() -> None:
    assert {setting.name for setting in SETTINGS[: len(REQUIRED)]} == REQUIRED


@pytest.mark.parametrize("name", sorted({setting.name for setting in SETTINGS}))
def test_what_the_example_sets_is_used(name: str) -> None:
    assert name in set(INVENTORY) | free_role_variables()


@pytest.mark.parametrize("name", sorted(INVENTORY))
def test_each_inventory_variable_is_in_the_example_and_explained(name: str) -> None:
    assert name in {setting.name for setting in SETTINGS}
    assert len(generate.markdown(INVENTORY[name].get("description", ""))) > 10


@pytest.mark.parametrize(
    "setting", [one for one in SETTINGS if one.section.endswith("with their defaults")], ids=lambda one: one.name
)
def test_defaults_in_the_example_are_the_defaults(setting: Setting) -> None:
    assert setting.value == defaults()[setting.name]


def test_all_that_can_be_set_is_in_the_reference() -> None:
    text = (ROOT / "docs" / "reference.md").read_text()
    assert {name for name in set(INVENTORY) | free_role_variables() if f"| `{name}` |" not in text} == set()


def test_secrets_stand_nowhere_in_clear() -> None:
    secret = [setting.value for setting in SETTINGS if INVENTORY.get(setting.name, {}).get("no_log")]
    assert secret
    assert all("lookup(" in value or value.startswith("$ANSIBLE_VAULT") for value in secret)


# --- Links and commands ------------------------------------------------------------------------------------------


def prose(page: pathlib.Path) -> str:
    return FENCED.sub("", page.read_text())


def anchors(page: pathlib.Path) -> set[str]:
    """The names that a heading has as a link's target on GitHub."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: pathlib.Path) -> Iterator[str]:
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _mark, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@every_page
def test_links_lead_somewhere(page: pathlib.Path) -> None:
    assert list(broken(page)) == []


def code(page: pathlib.Path) -> str:
    return "\n".join([*FENCED.findall(page.read_text()), *re.findall(r"`([^`\n]+)`", prose(page))])


@every_page
def test_commands_exist(page: pathlib.Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^ *|&& )make ([a-z0-9]+)", code(page), re.MULTILINE)) <= targets
    named = re.findall(r"ansible-playbook .*?\bbioviewers\.aws\.(\w+(?:\.\w+)*)", code(page))
    paths = [f"playbooks/{name.replace('.', '/')}.yml" for name in named] + re.findall(
        r"\bplaybooks/[\w/]+\.yml", code(page)
    )
    assert [path for path in paths if not (ROOT / path).exists()] == []


# --- Pages -------------------------------------------------------------------------------------------------------


def rows(section: str) -> list[list[str]]:
    """The cells of the tables below one heading, without their heads."""
    text = TROUBLESHOOTING.read_text()
    body = re.search(rf"^#+ {re.escape(section)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)[1]
    lines = re.findall(r"^\| (.*) \|$", body, re.MULTILINE)
    return [line.split(" | ") for line in lines[1:]]


def our_words() -> list[tuple[str, str]]:
    return [(section, words) for section in OURS for row in rows(section) for words in re.findall(r"`([^`]+)`", row[0])]


def our_code() -> str:
    folders = {"playbooks": "*.yml", "roles": "*", "plugins": "*.py", "sandbox": "*.py", "packages": "*.py"}
    paths = [path for folder, names in folders.items() for path in (ROOT / folder).rglob(names)]
    texts = [path.read_text() for path in paths if path.is_file() and path.suffix not in {".md", ".pyc", ".png"}]
    return re.sub(r"\s+", " ", "\n".join(texts))


@pytest.fixture(scope="module")
def source() -> str:
    return our_code()


@pytest.mark.parametrize(("section", "words"), our_words())
def test_messages_that_are_called_ours_are_ours(section: str, words: str, source: str) -> None:
    pieces = [piece.strip() for piece in words.split("...") if piece.strip(" '")]
    assert [piece for piece in pieces if piece not in source] == []


def test_the_map_has_every_step() -> None:
    text = (ROOT / "docs" / "steps.md").read_text()
    assert [int(number) for number in re.findall(r"^\| \*\*(\d+)\*\* ", text, re.MULTILINE)] == list(range(1, 27))


def test_the_readme_names_the_monthly_costs_of_the_table() -> None:
    total = generate.evaluate(generate.cost_variables(), "monthly_total")
    assert f"about {total} dollars a month" in re.sub(r"\s+", " ", (ROOT / "README.md").read_text())


def test_the_readme_names_every_role_and_module() -> None:
    text = (ROOT / "README.md").read_text()
    roles = [role.name for role in generate.roles() if f"(roles/{role.name})" not in text]
    modules = [path.stem for path in ROOT.glob("plugins/modules/*.py") if f"`{path.stem}`" not in text]
    assert roles + modules == []
