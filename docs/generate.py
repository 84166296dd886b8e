"""Write what the documentation says twice from where it stands once: `make docs`; with --check only tell what is stale.

The role READMEs come from meta/argument_specs.yml, docs/reference.md from those and playbooks/vars/inventory.yml, the
tables of docs/cost.md from playbooks/vars/prices.yml, that of docs/check-mode.md from the roles' tasks, one table of
docs/troubleshooting.md from playbooks/vars/failures.yml, the policies of docs/permissions.md from
meta/iam/permissions.yml.
plugins/action/preflight_roles.json has what preflight must know of the roles.
Two roles get copies of the rule of who may sign in, plugins/module_utils/_inventory/allow_list.py.
"""

from __future__ import annotations

import functools
import json
import pathlib
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import ansible_collections
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tools import iam_policies, role_options  # noqa: E402  (found only now)

VARS = ROOT / "playbooks" / "vars"
ALLOW_LIST = "plugins/module_utils/_inventory/allow_list.py"
# In AWS, as a part of the function that the user pool calls, and on the host nothing of the collection can be imported.
ALLOW_LIST_COPIES = ("roles/identity/files/allow_list.py", "roles/session_gate/files/session_gate_allow_list.py")
HEAD = "<!-- Written by docs/generate.py from {}: change it there. -->\n"

# For the worked examples of docs/cost.md: what, hours that the instance runs, GB delivered, requests.
EXAMPLES = (
    ("A group of 10 looks at a few volumes each week", 730, 200, 2_000_000),
    ("An institute of 60 uses it all day", 730, 3_072, 30_000_000),
    ("A course: one week, then the instance is stopped", 168, 500, 5_000_000),
)


def load(path: pathlib.Path) -> Any:
    return DataLoader().load_from_file(str(path), trusted_as_template=True) if path.exists() else {}


def evaluate(variables: dict[str, Any], name: str) -> Any:
    """What Ansible makes of a variable's templates."""
    return Templar(DataLoader(), variables=variables).template(variables[name])


def markdown(text: str | list[str]) -> str:
    """Ansible's markup (C(), V(), O(), I(), B(), U()) as Markdown, in one paragraph."""
    joined = " ".join(text) if isinstance(text, list) else text
    joined = re.sub(r"\b[CVO]\(([^)]*)\)", r"`\1`", joined.strip())
    joined = re.sub(r"\bU\(([^)]*)\)", r"<\1>", joined)
    return re.sub(r"\b[IB]\(([^)]*)\)", r"*\1*", joined).replace("\n", " ")


def cell(value: object) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text}`".replace("|", "\\|") if text else '`""`'


def table(*rows: tuple[str, ...]) -> str:
    """The first row is the head; the columns of numbers are those whose head ends in a colon."""
    head, *body = rows
    rule = "|".join("---:" if name.endswith(":") else "---" for name in head)
    first, *others = [f"| {' | '.join(cells)} |" for cells in ([name.rstrip(":") for name in head], *body)]
    return "\n".join([first, f"|{rule}|", *others]) + "\n"


def ordered(options: dict) -> list[tuple[str, dict]]:
    """Required ones first, then by name."""
    return sorted(options.items(), key=lambda item: (not item[1].get("required", False), item[0]))


def option(name: str, spec: dict, default: object) -> tuple[str, ...]:
    kind = f"list of {spec['elements']}" if "elements" in spec else spec.get("type", "str")
    choices = f" One of {', '.join(cell(choice) for choice in spec['choices'])}." if "choices" in spec else ""
    shown = "**required**" if spec.get("required") else cell(default)
    return f"`{name}`", kind, shown, markdown(spec.get("description", "")) + choices


def option_rows(options: dict, defaults: dict, prefix: str = "") -> Iterator[tuple[str, ...]]:
    for name, spec in ordered(options):
        yield option(f"{prefix}{name}", spec, defaults.get(name, spec.get("default")))
        yield from option_rows(spec.get("options", {}), {}, f"{prefix}{name}.")


def options_table(options: dict, defaults: dict) -> str:
    return table(("variable", "type", "default", "meaning"), *option_rows(options, defaults))


# --- Roles -------------------------------------------------------------------------------------------------------


def roles() -> list[pathlib.Path]:
    return sorted(path.parent.parent for path in ROOT.glob("roles/*/meta/argument_specs.yml"))


def specs_of(role: pathlib.Path) -> dict:
    return load(role / "meta" / "argument_specs.yml")["argument_specs"]


def defaults_of(role: pathlib.Path) -> dict:
    return load(role / "defaults" / "main.yml") or {}


def paragraphs(spec: dict) -> list[str]:
    """A description of one paragraph need not be a list."""
    text = spec.get("description", [])
    return [text] if isinstance(text, str) else text


def entry_point(name: str, spec: dict, defaults: dict) -> str:
    lines = [f"## Entry point `{name}`\n", markdown(spec["short_description"]) + "\n"]
    lines += [markdown(paragraph) + "\n" for paragraph in paragraphs(spec)]
    return "\n".join([*lines, *([options_table(spec["options"], defaults)] if spec.get("options") else [])])


def readme(role: pathlib.Path) -> str:
    about = load(role / "meta" / "main.yml")["galaxy_info"]["description"]
    head = [f"# bioviewers.aws.{role.name}\n", HEAD.format("meta/argument_specs.yml"), f"{about}\n"]
    points = [entry_point(name, spec, defaults_of(role)) for name, spec in specs_of(role).items()]
    return "\n".join([*head, *points]).rstrip() + "\n"


# --- The reference -----------------------------------------------------------------------------------------------


def settable(role: pathlib.Path) -> dict[str, dict]:
    """What an inventory may set of a role: what the playbooks do not give it themselves."""
    given = role_options.wiring(ROOT)
    return {name: spec for name, spec in specs_of(role)["main"]["options"].items() if name not in given}


def inventory_options() -> dict[str, dict]:
    return load(VARS / "inventory.yml")["inventory_spec"]


def inventory_defaults(**given: Any) -> dict[str, Any]:
    """What the playbooks take for variables that an inventory leaves out, if it gives these."""
    variables = {**load(VARS / "deployment.yml"), **load(VARS / "igv.yml"), **given}
    templates = {**variables["deployment"], **{f"igv_{name}": value for name, value in variables["igv"].items()}}
    templar = Templar(DataLoader(), variables=variables)
    return {name: templar.template(value) for name, value in templates.items() if name in inventory_options()}


REFERENCE = """# All that an inventory can say

{head}
Write these into `group_vars/all.yml` of your inventory; [inventories/example](../inventories/example) shows how.

## The deployment

`<domain>` and the like stand for what the variable of that name says.

{deployment}
## The roles

What the playbooks leave to the roles' defaults. Most deployments need none of it, and some of it makes sense only
together with a change elsewhere: read the role's README first.

{roles}"""


def role_section(role: pathlib.Path) -> str:
    options = settable(role)
    title = f"### {role.name}\n\n[README](../roles/{role.name}/README.md)\n\n"
    return title + options_table(options, defaults_of(role)) if options else ""


def reference() -> str:
    options = inventory_options()
    required = {name: f"<{name}>" for name, spec in options.items() if spec.get("required")}
    sections = filter(None, map(role_section, roles()))
    return REFERENCE.format(
        head=HEAD.format("playbooks/vars/inventory.yml and the roles' argument specs"),
        deployment=options_table(options, inventory_defaults(**required)),
        roles="\n".join(sections),
    )


# --- Costs -------------------------------------------------------------------------------------------------------


def cost_variables() -> dict[str, Any]:
    instance = defaults_of(ROOT / "roles" / "web_instance")
    sizes = {
        "cost_instance_type": instance["web_instance_type"],
        "cost_volume_size": instance["web_instance_volume_size"],
    }
    return {**load(VARS / "prices.yml"), **sizes, "cost_hosted_zone": True}


def monthly_table() -> str:
    variables = cost_variables()
    rows = [(item["what"], f"{item['dollars']:.2f}") for item in evaluate(variables, "monthly_costs")]
    return table(
        ("runs all month", "dollars:"), *rows, ("**together**", f"**about {evaluate(variables, 'monthly_total')}**")
    )


def beyond(amount: float, price: dict, unit: float = 1) -> float:
    return max(0, amount - price.get("free", 0)) / unit * price["dollars"]


def example_row(prices: dict, monthly: float, example: tuple[str, int, int, int]) -> tuple[str, ...]:
    what, hours, gigabytes, requests = example
    idle = (prices["hours_in_month"] - hours) * prices["instance_hour"]["dollars"][
        cost_variables()["cost_instance_type"]
    ]
    delivered = beyond(gigabytes, prices["delivered_gb"])
    asked = beyond(requests, prices["requests_10000"], 10_000)
    read = beyond(requests, prices["reads_1000"], 1_000)
    amounts = [monthly - idle, delivered, asked, read]
    dollars = [round(amount) for amount in amounts]
    return what, f"{gigabytes:,} GB", f"{requests / 1e6:.0f} million", *map(str, dollars), f"**{sum(dollars)}**"


def examples_table() -> str:
    variables = cost_variables()
    monthly = sum(item["dollars"] for item in evaluate(variables, "monthly_costs"))
    head = (
        "example",
        "delivered:",
        "requests:",
        "runs all month:",
        "delivery:",
        "requests:",
        "bucket reads:",
        "dollars:",
    )
    return table(head, *(example_row(variables["prices"], monthly, example) for example in EXAMPLES))


def price_row(price: dict) -> tuple[str, ...]:
    free = f"{price['free']:,}" if "free" in price else ""
    return price["what"], f"{price['dollars']:g}", free, price["seen"], f"<{price['source']}>"


def prices_table() -> str:
    prices = [price for price in load(VARS / "prices.yml")["prices"].values() if isinstance(price, dict)]
    rows = [price_row(price) for price in prices if not isinstance(price["dollars"], dict)]
    return table(("price", "dollars:", "free each month:", "seen", "where to look"), *rows)


def instances_table() -> str:
    prices = load(VARS / "prices.yml")["prices"]
    by_price = sorted(prices["instance_hour"]["dollars"].items(), key=lambda item: item[1])
    rows = [(f"`{name}`", f"{hour:g}", f"{hour * prices['hours_in_month']:.0f}") for name, hour in by_price]
    return table(("instance", "dollars an hour:", "a month:"), *rows)


# --- Troubleshooting ---------------------------------------------------------------------------------------------


def failures_table() -> str:
    failures = (load(VARS / "failures.yml") or {}).get("failures", [])
    rows = [
        tuple(markdown(failure[key]).replace("|", "\\|") for key in ("says", "means", "todo")) for failure in failures
    ]
    return table(("it said", "it usually means", "what to do"), *rows)


# --- Check mode --------------------------------------------------------------------------------------------------


def tasks_in(listed: list[dict]) -> Iterator[dict]:
    """Tasks, also those in blocks."""
    for task in listed:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks_in(task.get(part, []))


def foreign_module(task: dict) -> str:
    """The module of another collection that a task uses, if it does."""
    names = [name for name in task if name.count(".") == 2]
    return next((name for name in names if not name.startswith(("ansible.builtin.", "bioviewers."))), "")


def has_check_mode(module: str) -> bool:
    namespace, collection, name = module.split(".")
    for folder in ansible_collections.__path__:
        path = pathlib.Path(folder, namespace, collection, "plugins", "modules", f"{name}.py")
        if path.exists():
            # One whose work is done by an action plugin says so in its documentation alone.
            return bool(re.search(r"supports_check_mode=True|check_mode:\s+support: full", path.read_text()))
    raise SystemExit(f"{module} is not installed: make setup")


def unchecked_table() -> str:
    rows = [
        (f"`{module}`", role.name, task["name"].partition(" | ")[2] or task["name"])
        for role in roles()
        for path in sorted((role / "tasks").glob("*.yml"))
        for task in tasks_in(load(path))
        if (module := foreign_module(task)) and not has_check_mode(module)
    ]
    return table(("module", "role", "task"), *sorted(rows))


# --- Permissions -------------------------------------------------------------------------------------------------


def placeholders_table() -> str:
    rows = [(f"`<{name}>`", each["means"]) for name, each in iam_policies.written()["placeholders"].items()]
    return table(("placeholder", "what to write for it"), *rows)


def statement_row(group: dict[str, Any]) -> tuple[str, ...]:
    named = ["yes" if iam_policies.actions(group, purpose) else "" for purpose in iam_policies.purposes()]
    return f"`{group['sid']}`", markdown(group["what"]), *named


def statements_table() -> str:
    rows = map(statement_row, iam_policies.written()["statements"])
    return table(("statement", "what it allows", *iam_policies.purposes()), *rows)


def policy_block(purpose: str, number: int, policy: dict[str, Any]) -> str:
    head = f"<code>{purpose}-{number}</code>, {iam_policies.length(policy):,} characters at most"
    text = json.dumps(policy, indent=2, ensure_ascii=False)
    return f"<details><summary>{head}</summary>\n\n```json\n{text}\n```\n\n</details>\n"


def policies_section(purpose: str) -> str:
    about = iam_policies.written()["purposes"][purpose]["about"]
    blocks = [policy_block(purpose, number, policy) for number, policy in enumerate(iam_policies.policies(purpose), 1)]
    return "\n".join([f"{about}\n", *blocks])


def code(listed: list[str]) -> str:
    return ", ".join(f"`{each}`" for each in listed)


def implied_table() -> str:
    rows = [
        (code(row["calls"]), code(row["needs"]), f"{row['why']} [AWS]({row['page']})")
        for row in iam_policies.written()["implied"]
    ]
    return table(("the call", "asks for", "why"), *rows)


def seldom_table() -> str:
    rows = [(markdown(row["when"]), code(row["actions"])) for row in iam_policies.written()["seldom"]]
    return table(("when", "what it takes"), *rows)


POLICIES: dict[str, Callable[[], str]] = {
    f"policies-{purpose}": functools.partial(policies_section, purpose) for purpose in iam_policies.purposes()
}

# --- Files -------------------------------------------------------------------------------------------------------

TABLES = {
    "docs/cost.md": {
        "monthly": monthly_table,
        "examples": examples_table,
        "instances": instances_table,
        "prices": prices_table,
    },
    "docs/check-mode.md": {"unchecked": unchecked_table},
    "docs/permissions.md": {
        "placeholders": placeholders_table,
        "statements": statements_table,
        "implied": implied_table,
        "seldom": seldom_table,
        **POLICIES,
    },
    "docs/troubleshooting.md": {"failures": failures_table},
}


def spliced(text: str, name: str, body: str) -> str:
    """The text with the body between the marks of that name."""
    mark = re.compile(rf"(<!-- begin {name}[^\n]*-->\n).*?(<!-- end {name} -->)", re.DOTALL)
    changed, found = mark.subn(lambda match: f"{match[1]}{body}{match[2]}", text)
    if found != 1:
        raise SystemExit(f"There must be one place for the table '{name}', and there are {found}.")
    return changed


def with_tables(path: str) -> str:
    text = (ROOT / path).read_text()
    for name, make in TABLES[path].items():
        text = spliced(text, name, make())
    return text


def copied(path: str) -> str:
    """A program's text for a place that can't import it."""
    return f"# Copied from {path} by docs/generate.py: change it there.\n" + (ROOT / path).read_text()


def documents() -> dict[pathlib.Path, str]:
    """Every generated file with what it should hold."""
    readmes = {role / "README.md": readme(role) for role in roles()}
    return {
        **readmes,
        ROOT / "docs" / "reference.md": reference(),
        ROOT / "plugins" / "action" / "preflight_roles.json": role_options.render(ROOT),
        **{ROOT / path: copied(ALLOW_LIST) for path in ALLOW_LIST_COPIES},
        **{ROOT / path: with_tables(path) for path in TABLES},
    }


def main(arguments: list[str]) -> int:
    stale = {path: text for path, text in documents().items() if not path.exists() or path.read_text() != text}
    if "--check" not in arguments:
        for path, text in stale.items():
            path.write_text(text)
        return 0
    if stale:
        print("Not what its source says; run `make docs`:", *(path.relative_to(ROOT) for path in stale), sep="\n  ")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
