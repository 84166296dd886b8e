# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The half of `preflight` on the controller: reads the inventory, a variable at a time, and hands on what is right."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.inventory.host import Host
from ansible_collections.bioviewers.aws.plugins.module_utils._aws.text import quote
from ansible_collections.bioviewers.aws.plugins.module_utils._checks import report
from ansible_collections.bioviewers.aws.plugins.module_utils._checks.problem import Problem
from ansible_collections.bioviewers.aws.plugins.module_utils._inventory.values import Values, wrong_kind
from ansible_collections.bioviewers.aws.plugins.module_utils._inventory.values_igv import RULES
from ansible_collections.bioviewers.aws.plugins.module_utils._inventory.variables import (
    misspelt,
    resembling,
    set_by_playbooks,
    sources,
    words,
)
from ansible_collections.bioviewers.aws.plugins.modules.preflight import OPTIONS
from ansible_collections.bioviewers.aws.plugins.plugin_utils.direct import DirectAction

# What the roles take and the playbooks give them; written from both by `make docs`.
ROLES = pathlib.Path(__file__).with_name("preflight_roles.json")
MISSING = "not given"
SSM_PLUGIN = "session-manager-plugin"
NETWORK = ("network_vpc_id", "network_subnet_ids", "network_instance_subnet_id")
OF_REGION = ("user_pool_domain_prefix", "web_instance_type", "web_instance_image_name", "web_instance_image_owner")
OF_REGION = (*OF_REGION, "session_document", "igv_user_pool_domain_prefix", "igv_buckets")
# Where amazon.aws's connection looks first (its documentation, option `plugin`).
SSM_PLUGIN_PLACE = f"/usr/local/bin/{SSM_PLUGIN}"


LOOKUP = re.compile(r"\b(lookup|query|q)\s*\([^)]*\)")
LITERAL = re.compile(r"""["']([^"']{4,})["']""")


def reason(error: BaseException, secret: bool, template: Any) -> str:
    """What Ansible says, in one line; of a secret without text of its template, but for where to look it up."""
    text = re.sub(r"\s+", " ", str(getattr(error, "message", "") or error)).strip().rstrip(".")
    literals = LITERAL.findall(LOOKUP.sub("", template)) if secret and isinstance(template, str) else []
    for literal in literals:
        text = text.replace(literal, "...")
    return text


class Inventory:
    """The variables that an inventory gives: those of the controller's host, then those of the hosts to come."""

    def __init__(self, spec: Mapping[str, Any], task_vars: dict[str, Any], templar: Any) -> None:
        self.spec, self.templar = spec, templar
        roles = json.loads(ROLES.read_text())
        self.options, self.wiring = roles["options"], roles["wiring"]
        of_igv = {f"igv_{name}": template for name, template in task_vars.get("igv", {}).items()}
        self.deployment = {**task_vars["deployment"], **of_igv}
        hostvars = task_vars["hostvars"]
        here = hostvars.raw_get(task_vars["inventory_hostname"])
        there = self._of_web(hostvars)
        # `task_vars` has what templates refer to: the play's own variables too.
        self.given = {**there, **here}
        self._scopes = [(here, task_vars), (there, {**there, **_only(task_vars, self.spec)})]
        self.known = Values()

    @staticmethod
    def _of_web(hostvars: Any) -> dict[str, Any]:
        """The variables of a host that joins the group `web`, which has none before the run makes it."""
        host, group = Host("preflight"), hostvars._inventory.groups.get("web")
        if group is not None:
            host.add_group(group)
        return hostvars._variable_manager.get_vars(host=host, include_hostvars=False)

    @property
    def names(self) -> list[str]:
        """What an inventory can set."""
        return [*self.spec, *self.options]

    def is_secret(self, name: str, raw: Any) -> bool:
        spec = self.spec.get(name) or self.options.get(name) or {}
        return bool(spec.get("no_log")) or hasattr(raw, "_ciphertext")

    def show(self, name: str, value: Any, raw: Any = None) -> str:
        # Where the client id should stand, the secret stands at times.
        swapped = name == "google_client_id" and not str(value).endswith(".apps.googleusercontent.com")
        return "" if self.is_secret(name, raw) or swapped else quote(value)

    def value(self, name: str) -> Any:
        """What a variable is; raises AnsibleError if that can't be said."""
        scope, variables = next(pair for pair in self._scopes if name in pair[0])
        return self.templar.copy_with_new_env(available_variables=variables).template(scope[name])

    def faults(self) -> Iterator[Problem]:
        for name in self.spec:
            yield from self._read(name)
        for name in [name for name in RULES if name in self.known]:
            value = self.known[name]
            yield from self._judge(name, value, self.show(name, value, self.given.get(name)))
        yield from self._derived()
        for name in [name for name in self.options if name in self.given]:
            yield from self._role_option(name)
        for name, meant in misspelt(self.given, self.names).items():
            if not self.spec.get(meant, {}).get("required"):
                yield Problem(name, "", "this collection has no such variable", f"write {meant}, if that is meant")

    def _fault(self, name: str, value: str, wrong: tuple[str, str]) -> Problem:
        self.known.invalid.add(name)
        self.known.pop(name, None)
        return Problem(name, value, *wrong)

    def _read(self, name: str) -> Iterator[Problem]:
        """Take a variable of the inventory into `known`, if it is of the right kind."""
        spec, raw = self.spec[name], self.given.get(name)
        if name not in self.given:
            yield from self._missing(name)
            return
        try:
            value = self.value(name)
        except Exception as error:  # a lookup can raise anything; whatever it is, it is of this variable
            yield from self._unreadable(name, error)
            return
        if spec.get("type", "str") == "str" and isinstance(value, (int, float)) and not isinstance(value, bool):
            value = str(value)
        if wrong := wrong_kind(value, spec):
            yield self._fault(name, self.show(name, value, raw), wrong)
        elif value == "" and spec.get("required"):
            yield self._fault(name, "empty", ("it is required", "write the " + _what(spec)))
        else:
            self.known[name] = value

    def _unreadable(self, name: str, error: Exception) -> Iterator[Problem]:
        """What can't be templated; if only for a variable that is missing, then that one's fault says it."""
        raw = self.given[name]
        secret = self.is_secret(name, raw)
        instead = "put that right" if secret else "put that right, or write the value itself"
        fault = self._fault(name, "", (f"it can't be read: {reason(error, secret, raw)}", instead))
        missing = {other for other, spec in self.spec.items() if spec.get("required") and other not in self.given}
        if not missing & set(words(raw)):
            yield fault

    def _missing(self, name: str) -> Iterator[Problem]:
        spec = self.spec[name]
        if spec.get("required"):
            close = resembling(name, self.given, self.names)
            instead = f"rename {close}, if that is meant" if close else f"write the {_what(spec)}"
            yield self._fault(name, MISSING, ("it is required", instead))

    def _judge(self, name: str, value: Any, value_shown: str) -> Iterator[Problem]:
        wrong = RULES[name](value, self.known) if name in RULES and value != "" else None
        if wrong:
            yield self._fault(name, value_shown, wrong)

    def _derived(self) -> Iterator[Problem]:
        """What the playbooks make of the inventory where it says nothing, unless a part of it is wrong already."""
        for name, template in self.deployment.items():
            made_of = sources(template, self.spec, {})
            if name not in self.spec or name in self.given or self.known.invalid & set(made_of):
                continue
            try:
                self.known[name] = value = self.templar.template(template)
            except AnsibleUndefinedVariable:  # made of what only the viewer needs, as `domain`
                continue
            others = [other for other in made_of if other != name]
            for fault in self._judge(name, value, quote(value)):
                yield Problem(f"{name} (made from {', '.join(others)})", fault.value, fault.wrong, fault.instead)

    def _role_option(self, name: str) -> Iterator[Problem]:
        raw, spec = self.given[name], self.options[name]
        try:
            value = self.value(name)
        except Exception as error:  # as above
            yield from self._unreadable(name, error)
            return
        value_shown = self.show(name, value, raw)
        if name in self.wiring:
            yield set_by_playbooks(name, self.wiring[name], self.spec, self.deployment, value_shown)
        elif wrong := wrong_kind(value, spec):
            yield self._fault(name, value_shown, wrong)
        else:
            self.known[name] = value

    def ssm_plugin(self) -> Iterator[Problem]:
        """The program without which no session of Systems Manager opens."""
        name = "ansible_aws_ssm_plugin"
        if name in self.given:
            place = str(self.value(name))
            if not os.path.exists(place):
                instead = f"write the path of {SSM_PLUGIN}, or leave it out"
                yield Problem(name, quote(place), "there is no such file", instead)
        elif not os.path.exists(SSM_PLUGIN_PLACE) and not shutil.which(SSM_PLUGIN):
            wrong = f"{SSM_PLUGIN} is not installed on this machine, and without it the instance can't be reached"
            page = 'see AWS\'s page "Install the Session Manager plugin for the AWS CLI"'
            yield Problem("", "", wrong, f"install it ({page})")

    def arguments(self) -> dict[str, Any]:
        """What the module is to check: what is right, and defaults of roles for what nobody set."""
        faulty = {*self.known.invalid}
        # In another region, or with half of what was meant, AWS would be asked the wrong thing.
        if "aws_region" in faulty:
            faulty |= {*NETWORK, *OF_REGION}
        elif faulty & {*NETWORK}:
            faulty |= {*NETWORK}
        defaults = {name: option["default"] for name, option in self.options.items() if name not in faulty}
        values = {**defaults, **self.known}
        known = {name: values[name] for name in OPTIONS if name not in faulty and values.get(name) is not None}
        return {**known, "region": self.known.get("aws_region")}


def _only(variables: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: variables[name] for name in names if name in variables}


def _what(spec: Mapping[str, Any]) -> str:
    text = spec.get("description", "")
    first = (text if isinstance(text, str) else text[0]).partition(". ")[0].rstrip(".")
    return f"{first[0].lower()}{first[1:]}" if first else "it"


class ActionModule(DirectAction):
    """Read the inventory, let the module look at AWS, and tell everything in one message."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        spec = arguments.pop("inventory_spec", None)
        if spec is None:
            return {**result, **self._execute_module(task_vars=task_vars)}
        if not isinstance(spec, Mapping):
            raise AnsibleError("inventory_spec must be a mapping of variables to what they are.")
        inventory = Inventory(spec, task_vars or {}, self._templar)
        plugin = [] if arguments.get("build") == "igv" else inventory.ssm_plugin()
        faults = [fault.facts() for fault in (*inventory.faults(), *plugin)]
        asked = {**inventory.arguments(), **arguments}
        answer = self._execute_module(module_args=asked, task_vars=task_vars)
        if "faults" not in answer and answer.get("failed"):
            wrong = str(answer.get("msg", "")).strip(" .:") or "the checks ended without a word"
            faults.append(Problem("", "", wrong, "put that right and run again").facts())
        faults += answer.get("faults", [])
        kept = {name: answer[name] for name in ("notes", "network", "bucket") if name in answer}
        message = {"msg": report.problems_message(faults)} if faults else {}
        return {**result, **kept, **message, "changed": False, "faults": faults, "failed": bool(faults)}
