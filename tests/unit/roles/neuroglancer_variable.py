"""Usage: neuroglancer_variable.py ROLE EXPRESSION SETTINGS: prints an expression of the role's variables, as JSON.

A process of its own, since the role's lookups need Ansible's plugin loader, which takes Python's imports over.
"""

from __future__ import annotations

import json
import pathlib
import sys

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template


def main(role: str, expression: str, settings: str) -> None:
    init_plugin_loader()
    loader = DataLoader()
    files = [pathlib.Path(role) / "defaults/main.yml", pathlib.Path(role) / "vars/main.yml"]
    defaults, variables = (loader.load_from_file(str(path), trusted_as_template=True) for path in files)
    known = {**defaults, **variables, "role_path": role, **json.loads(settings)}
    value = Templar(loader, variables=known).template(trust_as_template(f"{{{{ {expression} }}}}"))
    print(json.dumps(value, default=str))


if __name__ == "__main__":
    main(*sys.argv[1:])
