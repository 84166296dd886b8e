# Copyright: Contributors to bioviewers.aws
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all CloudFront resources share: one API shape, ETag with If-Match, counted lists. PRIVATE to this collection."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.merge import Found
from ansible_collections.bioviewers.aws.plugins.module_utils._engine.resource import Passing, Resource

IN_USE = ("ResourceInUse", "OriginAccessControlInUse", "PublicKeyInUse", "ResponseHeadersPolicyInUse")


class CloudFrontResource(Resource):
    """The noun is the API's own: with "key group", create_key_group takes a KeyGroupConfig and gives a KeyGroup."""

    service = "cloudfront"
    given = ("Id",)
    list_filter: Mapping[str, str] = {}
    # CloudFront tells of what used it for a moment longer.
    retry_on = tuple(Passing(code) for code in IN_USE)

    def find(self) -> Found | None:
        listed = [summary["Id"] for summary in self.summaries() if summary["Name"] == self.name]
        there = {found.facts["Id"]: found for found in map(self.get_or_none, listed) if found}
        match = self.only([{"Id": resource_id} for resource_id in there])
        return match and there[match["Id"]]

    def create(self, config: dict[str, Any]) -> Found:
        named = "CallerReference" in self._config_shape.members
        try:
            return self._write("create", {**config, **({"CallerReference": self.name} if named else {})})
        except is_boto3_error_code(f"{self._kind}AlreadyExists"):
            if found := self._seen_late():
                wanted = self.merged(found.config, self.desired())
                return found if wanted == found.config else self.update(found, wanted)
            if not named:
                raise
        # AWS remembers the reference of a deleted one.
        return self._write("create", {**config, "CallerReference": f"{self.name}/{int(time.time())}"})

    def _seen_late(self) -> Found | None:
        """What was made so short a time ago that the list lacked it."""
        for _try in range(5):
            time.sleep(2)
            if found := self.find():
                return found
        return None

    def update(self, found: Found, config: dict[str, Any]) -> Found:
        try:
            return self._update(found, config)
        except is_boto3_error_code("PreconditionFailed"):
            # Somebody wrote in between. What they set stays, as far as nothing else is asked for.
            now = self.get(found.facts["Id"])
            return self._update(now, self.merged(now.config, self.desired()))

    def _update(self, found: Found, config: dict[str, Any]) -> Found:
        return self._write("update", config, Id=found.facts["Id"], IfMatch=found.etag)

    def delete(self, found: Found) -> None:
        try:
            self._delete(found)
        except is_boto3_error_code("PreconditionFailed"):
            self._delete(self.get(found.facts["Id"]))

    def _delete(self, found: Found) -> None:
        self._call("delete", Id=found.facts["Id"], IfMatch=found.etag)

    def get(self, resource_id: str) -> Found:
        return self.read(self._call("get", Id=resource_id))

    def get_or_none(self, resource_id: str) -> Found | None:
        """None of what is gone: lists go on about it for a while."""
        try:
            return self.get(resource_id)
        except is_boto3_error_code(["NoSuchResource", f"NoSuch{self._kind}"]):
            return None

    def summaries(self) -> Iterator[dict[str, Any]]:
        """The lists' items, all pages (boto3 has a paginator only for some of CloudFront's lists)."""
        plural = self.noun.replace(" ", "_").replace("policy", "policie") + "s"
        marker: dict[str, str] | None = {}
        while marker is not None:
            page = self.call(f"list_{plural}", **self.list_filter, **marker)[f"{self._kind}List"]
            marker = {"Marker": page["NextMarker"]} if page.get("NextMarker") else None
            for item in page.get("Items", []):
                summary = plain(item.get(self._kind, item))
                yield {**summary, **summary.get(f"{self._kind}Config", {})}

    @property
    def _kind(self) -> str:
        return self.noun.title().replace(" ", "")

    @property
    def _config_shape(self) -> Any:
        creation = self.client.meta.service_model.operation_model(f"Create{self._kind}")
        return creation.input_shape.members[f"{self._kind}Config"]

    def _call(self, verb: str, **request: Any) -> dict[str, Any]:
        return self.call(f"{verb}_{self.noun.replace(' ', '_')}", **request)

    def _write(self, verb: str, config: dict[str, Any], **request: Any) -> Found:
        counted_config = {f"{self._kind}Config": counted(config, self._config_shape)}
        return self.read(self._call(verb, **counted_config, **request))

    def read(self, response: dict[str, Any]) -> Found:
        facts = plain(response[self._kind])
        return Found(facts.pop(f"{self._kind}Config"), facts, response["ETag"])


def plain(value: Any) -> Any:
    """{Quantity, Items} as a list; what stands beside Items (Enabled, CachedMethods) stays there."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: plain(item) for key, item in value.items() if key != "Quantity"}
    if "Quantity" not in value:
        return inner
    return inner.get("Items", []) if inner.keys() <= {"Items"} else {"Items": [], **inner}


def counted(value: Any, shape: Any) -> Any:
    """The reverse of `plain`, wherever the service's model asks for a Quantity."""
    if shape.type_name == "list":
        return [counted(item, shape.member) for item in value]
    if shape.type_name != "structure":
        return value
    if "Quantity" in shape.members:
        value = value if isinstance(value, dict) else {"Items": value}
        value = {"Quantity": len(value["Items"]), **value}
    return {key: counted(item, shape.members[key]) for key, item in value.items() if item or key != "Items"}
