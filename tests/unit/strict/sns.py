"""Topics, and who is told by e-mail; everybody has confirmed."""

from __future__ import annotations

from typing import Any

from botocore import xform_name

from tests.unit.strict.models import Refusal

PLACE = "arn:aws:sns:us-east-1:123456789012:"


class Sns:
    def __init__(self, account: Any) -> None:
        self.account = account

    @property
    def topics(self) -> dict[str, dict[str, Any]]:
        return self.account.held["Topic"]

    def put(self, name: str, *addresses: str, tags: dict[str, str] | None = None, **attributes: str) -> str:
        self.topics[PLACE + name] = {"config": {**attributes, "EmailAddresses": [*addresses]}, "tags": tags or {}}
        return PLACE + name

    def answer(self, model: Any, request: dict[str, Any]) -> dict[str, Any] | None:
        arn = request.get("TopicArn") or request.get("ResourceArn")
        if arn and arn not in self.topics and model.name != "DeleteTopic":
            raise Refusal("NotFoundException" if "ResourceArn" in request else "NotFound", "Topic does not exist")
        return getattr(self, xform_name(model.name))(request, self.topics.get(arn))

    def create_topic(self, request: dict[str, Any], _topic: None) -> dict[str, Any]:
        name, attributes = request["Name"], request.get("Attributes", {})
        tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
        held = self.topics.get(PLACE + name)
        # To make one again with other attributes or tags is refused (SNS API Reference, "CreateTopic").
        same = held and {**held["config"], **attributes} == held["config"] and tags == held["tags"]
        if held and not same:
            raise Refusal("InvalidParameter", "Topic already exists with different attributes")
        return {"TopicArn": PLACE + name if held else self.put(name, tags=tags, **attributes)}

    def list_topics(self, request: dict[str, Any], _topic: None) -> dict[str, Any]:
        page, token = self.account.page([{"TopicArn": arn} for arn in self.topics], request.get("NextToken"))
        return {"Topics": page, **({"NextToken": token} if token else {})}

    def get_topic_attributes(self, request: dict[str, Any], topic: dict[str, Any]) -> dict[str, Any]:
        told = {key: value for key, value in topic["config"].items() if key != "EmailAddresses"}
        return {"Attributes": {"TopicArn": request["TopicArn"], **told}}

    def set_topic_attributes(self, request: dict[str, Any], topic: dict[str, Any]) -> None:
        topic["config"][request["AttributeName"]] = request["AttributeValue"]

    def list_subscriptions_by_topic(self, request: dict[str, Any], topic: dict[str, Any]) -> dict[str, Any]:
        arn = request["TopicArn"]
        listed = [
            {"TopicArn": arn, "Protocol": "email", "Endpoint": address, "SubscriptionArn": f"{arn}:{address}"}
            for address in topic["config"]["EmailAddresses"]
        ]
        page, token = self.account.page(listed, request.get("NextToken"))
        return {"Subscriptions": page, **({"NextToken": token} if token else {})}

    def subscribe(self, request: dict[str, Any], topic: dict[str, Any]) -> dict[str, Any]:
        if request["Endpoint"] not in topic["config"]["EmailAddresses"]:
            topic["config"]["EmailAddresses"].append(request["Endpoint"])
        return {"SubscriptionArn": f"{request['TopicArn']}:{request['Endpoint']}"}

    def unsubscribe(self, request: dict[str, Any], _topic: None) -> None:
        arn, _mark, address = request["SubscriptionArn"].rpartition(":")
        if address in self.topics.get(arn, {}).get("config", {}).get("EmailAddresses", []):
            self.topics[arn]["config"]["EmailAddresses"].remove(address)

    def delete_topic(self, request: dict[str, Any], _topic: Any) -> None:
        self.topics.pop(request["TopicArn"], None)  # one that is not there is no error

    def list_tags_for_resource(self, request: dict[str, Any], topic: dict[str, Any]) -> dict[str, Any]:
        return {"Tags": [{"Key": key, "Value": value} for key, value in topic["tags"].items()]}

    def tag_resource(self, request: dict[str, Any], topic: dict[str, Any]) -> None:
        topic["tags"] |= {tag["Key"]: tag["Value"] for tag in request["Tags"]}

    def untag_resource(self, request: dict[str, Any], topic: dict[str, Any]) -> None:
        for key in request["TagKeys"]:
            topic["tags"].pop(key, None)
