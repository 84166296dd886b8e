"""Write each role's README.md from its meta/argument_specs.yml, so that a default or a description stands in one place.

`python docs/role_readmes.py` writes; with `--check` it writes nothing and exits 1 when a README is out of date.
"""

from __future__ import annotations

import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEAD = "<!-- Written by docs/role_readmes.py from meta/argument_specs.yml: change it there. -->\n"


def load(path: pathlib.Path) -> dict:
    return yaml.safe_load(path.read_text()) or {} if path.exists() else {}


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


def rows(options: dict, defaults: dict, prefix: str = "") -> list[str]:
    lines = []
    for name, spec in sorted(options.items(), key=lambda item: (not item[1].get("required", False), item[0])):
        default = "**required**" if spec.get("required") else cell(defaults.get(name, spec.get("default")))
        kind = f"list of {spec['elements']}" if "elements" in spec else spec.get("type", "str")
        choices = f" One of {', '.join(cell(choice) for choice in spec['choices'])}." if "choices" in spec else ""
        meaning = markdown(spec["description"]) + choices
        lines.append(f"| `{prefix}{name}` | {kind} | {default} | {meaning} |")
        lines += rows(spec.get("options", {}), {}, f"{prefix}{name}.")
    return lines


def entry_point(name: str, spec: dict, defaults: dict) -> str:
    lines = [f"## Entry point `{name}`\n", markdown(spec["short_description"]) + "\n"]
    lines += [markdown(paragraph) + "\n" for paragraph in spec.get("description", [])]
    if spec.get("options"):
        lines += ["| variable | type | default | meaning |", "|---|---|---|---|", *rows(spec["options"], defaults), ""]
    return "\n".join(lines)


def readme(role: pathlib.Path) -> str:
    specs = load(role / "meta" / "argument_specs.yml")["argument_specs"]
    defaults = load(role / "defaults" / "main.yml")
    about = load(role / "meta" / "main.yml")["galaxy_info"]["description"]
    parts = [f"# bioviewers.aws.{role.name}\n", HEAD, f"{about}\n"]
    return "\n".join([*parts, *(entry_point(name, spec, defaults) for name, spec in specs.items())]).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    stale = []
    for role in sorted(path.parent.parent for path in ROOT.glob("roles/*/meta/argument_specs.yml")):
        path, text = role / "README.md", readme(role)
        if not path.exists() or path.read_text() != text:
            stale.append(path.relative_to(ROOT))
            if "--check" not in arguments:
                path.write_text(text)
    if stale and "--check" in arguments:
        print("Not what the argument specs say; run `make docs`:", *stale, sep="\n  ")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
