# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: find -> merge -> create | update | delete -> wait -> exit. PRIVATE to this collection.

A module describes one resource (`class Domain(Resource)`, `main = Domain.main`); the engine does the rest.
It states `service` (boto3's client), `noun` (the result is returned under it, in snake_case), `options` (add **TAGS and
**WAIT where they apply), and where needed
  initial    {API name: value} that a creation needs though nobody asked for it
  immutable  {dotted API path: what to do instead}
  secret     API names whose content is masked in diff and result
  given      names of the facts that AWS gives when it makes one; in check mode they are unknown
  within     the option with the id of what it is in: where that is unknown, there is nothing to be found
  known      the option with its own id, for tasks after the one that made it: lists may lack it for a while
  spelling   Spelling({option: API name}) for names that Ansible's helpers get wrong
  retry_on   Passing(code, text, seconds) for each refusal that passes by itself
It gives find, create, update (gets the complete config: what is held with what was asked laid over), delete, and where
needed `wait` (called when asked to, even if nothing changed) and `tag(found, missing, surplus)`. It may extend
`desired`, and replace `merged` where not asked for means removed. `call`, `pages`, `only` and `until` help.
To refuse something: raise AnsibleAWSError(message="A sentence that says what to do instead.").
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.amazon.aws.plugins.module_utils.tagging import compare_aws_tags
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found, Spelling, dig, masked, merge
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.unknown import is_unknown, unknown

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    BotoCoreError = ClientError = AnsibleAWSError  # AnsibleAWSModule says what is missing

STATE = {"state": {"choices": ["present", "absent"], "default": "present"}}
TAGS = {"tags": {"type": "dict", "aliases": ["resource_tags"]}, "purge_tags": {"type": "bool", "default": False}}
WAIT = {"wait": {"type": "bool", "default": False}, "wait_timeout": {"type": "int", "default": 1800}}
# What passes by itself besides what AWSRetry knows: throttling as newer services and S3 say it, a server's error, and
# that S3 is still at an earlier change of the bucket.
BUSY = ("ThrottlingException", "SlowDown", "OperationAborted")
BROKEN = ("InternalErrorException", "InternalServerError", "ServiceException", "ServiceFailure")
PAUSE = 3  # seconds between two tries


@dataclass(frozen=True)
class Passing:
    """A refusal that passes by itself: its code, what its message says where the code has other reasons too, and how
    many seconds it is tried again."""

    code: str
    text: str = ""
    seconds: float = 60

    def fits(self, error: ClientError) -> bool:
        told = error.response["Error"]
        return told["Code"] == self.code and self.text in told.get("Message", "")


class Resource:
    service: str
    noun: str
    options: Mapping[str, Any]
    initial: Mapping[str, Any] = {}
    immutable: Mapping[str, str] = {}
    secret: frozenset[str] = frozenset()
    given: tuple[str, ...] = ()
    within: str | None = None
    known: str | None = None
    spelling = Spelling()
    retry_on: tuple[Passing, ...] = ()

    find: Callable[[], Found | None]
    create: Callable[[dict[str, Any]], Found]
    update: Callable[[Found, dict[str, Any]], Found]
    delete: Callable[[Found], None]
    wait: Callable[[Found], Found]
    tag: Callable[[Found, dict[str, str], list[str]], None]

    @classmethod
    def main(cls, **rules: Any) -> NoReturn:
        cls(AnsibleAWSModule(argument_spec={**STATE, **cls.options}, supports_check_mode=True, **rules)).run()

    def __init__(self, module: AnsibleAWSModule) -> None:
        self.module, self.params = module, module.params
        self.retry = AWSRetry.jittered_backoff(catch_extra_error_codes=[*BUSY, *BROKEN])
        self.client = module.client(self.service, retry_decorator=self.retry)

    @property
    def name(self) -> str:
        return self.params["name"]

    @property
    def known_id(self) -> str | None:
        given = self.params.get(self.known)
        return None if is_unknown(given) else given

    def desired(self) -> dict[str, Any]:
        others = {*TAGS, *WAIT, self.known}
        return self.spelling.api({key: self.params[key] for key in self.options if key not in others})

    def merged(self, held: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
        return merge(held, asked)

    def placeholders(self) -> dict[str, Any]:
        """The facts of one that would be made, in check mode."""
        return dict.fromkeys(self.given, unknown(f"{self.noun} {self.name}"))

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        """What AWS answers when all that passes by itself has passed."""
        begun = time.monotonic()
        while True:
            try:
                return getattr(self.client, operation)(aws_retry=True, **request)
            except ClientError as error:
                limit = max((one.seconds for one in self.retry_on if one.fits(error)), default=0)
                if time.monotonic() + PAUSE > begun + limit:
                    raise
            time.sleep(PAUSE)

    def pages(self, operation: str, key: str, **request: Any) -> list[Any]:
        """The items of all pages. Each page is retried by itself: from the start, a long list would never end."""
        items, token = [], {}
        while token is not None:
            page = self.call(operation, **request, **token)
            items += page.get(key, [])
            token = {"NextToken": page["NextToken"]} if page.get("NextToken") else None
        return items

    def only(self, matches: list[dict[str, Any]], id_key: str = "Id") -> dict[str, Any] | None:
        """The one match, or None; of several nobody can tell which is meant."""
        if len(matches) > 1:
            ids = ", ".join(sorted(match[id_key] for match in matches))
            raise AnsibleAWSError(message=f"{len(matches)} have this name: {ids}. Delete or rename all but one.")
        return matches[0] if matches else None

    def until(self, probe: Callable[[], Any], what: str, delay: float = 10, timeout: float | None = None) -> Any:
        """What `probe` returns, as soon as it returns something."""
        seconds = self.params["wait_timeout"] if timeout is None else timeout
        deadline = time.monotonic() + seconds
        while not (found := probe()):
            if time.monotonic() + delay > deadline:
                raise AnsibleAWSError(message=f"Not {what} after {seconds} seconds.")
            time.sleep(delay)
        return found

    def run(self) -> NoReturn:
        held = None if is_unknown(self.params.get(self.within)) else self._step("find", self.find)
        wanted = None
        if self.params["state"] == "present":
            wanted = self._step("update" if held else "create", self._wanted, held)
        self._exit(held, wanted, wanted if self.module.check_mode else self._apply(held, wanted))

    def _wanted(self, held: Found | None) -> Found:
        if held is None:
            facts = self.placeholders() if self.module.check_mode else {}
            return Found(merge(self.initial, self.desired()), facts, tags=self._wanted_tags({}))
        wanted = self.merged(held.config, self.desired())
        for path, instead in self.immutable.items():
            if dig(held.config, path) != dig(wanted, path):
                option = ".".join("".join(self.spelling.snake({key: 0})) for key in path.split("."))
                raise AnsibleAWSError(message=f"{option} can't be changed once it is made. {instead}")
        return replace(held, config=wanted, tags=self._wanted_tags(held.tags))

    def _wanted_tags(self, held: dict[str, str]) -> dict[str, str]:
        asked = self.params.get("tags")
        if asked is None:
            return held
        missing, surplus = compare_aws_tags(held, asked, self.params["purge_tags"])
        return {key: str(value) for key, value in {**held, **missing}.items() if key not in surplus}

    def _apply(self, held: Found | None, wanted: Found | None) -> Found | None:
        if wanted is None:
            return held and self._step("delete", self.delete, held)
        found = self._written(held, wanted)
        missing, surplus = compare_aws_tags((held or found).tags, wanted.tags)
        if missing or surplus:
            self._step("tag", self.tag, found, missing, surplus)
        if self.params.get("wait"):
            found = self._step("wait for", self.wait, found)
        return replace(found, tags=wanted.tags)

    def _written(self, held: Found | None, wanted: Found) -> Found:
        if held is None:
            return self._step("create", self.create, wanted.config)
        if wanted.config == held.config:
            return held
        return self._step("update", self.update, held, wanted.config)

    def _step(self, verb: str, act: Callable, *args: Any) -> Any:
        """The one error boundary."""
        try:
            return act(*args)
        except (AnsibleAWSError, BotoCoreError, ClientError) as error:
            self.module.fail_json_aws(error, msg=f"Failed to {verb} {self.noun} {self.name}")

    def _exit(self, held: Found | None, wanted: Found | None, found: Found | None) -> NoReturn:
        before, after = ((resource and (resource.config, resource.tags)) for resource in (held, wanted))
        diff = {"before": self._view(held), "after": self._view(wanted)}
        whole = found and replace(found, config={**found.facts, **found.config})
        result = {self.noun.replace(" ", "_"): self._view(whole)} if found else {}
        self.module.exit_json(changed=before != after, diff=diff, **result)

    def _view(self, resource: Found | None) -> dict[str, Any]:
        config = self.spelling.snake(masked(resource.config if resource else {}, self.secret))
        return {**config, "tags": resource.tags} if resource and "tags" in self.options else config
