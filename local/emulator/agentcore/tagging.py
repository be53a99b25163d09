"""Tags of AgentCore's resources: TagResource, UntagResource, ListTagsForResource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.emulator.agentcore.collection import Record


class Tagging:
    """The tags of resources that are found by their ARN."""

    def __init__(self, finders: Mapping[str, Callable[[str], Record]]) -> None:
        """`finders` gives the record of an ARN, by a part of the ARN that only its resource type has."""
        self._finders = finders

    def knows(self, labels: Mapping[str, str]) -> bool:
        """Whether a request is about a resource of ours or about no ARN; other resources stay ministack's business."""
        arn = labels.get("resourceArn")
        return arn is None or any(part in arn for part in self._finders)

    def tag(self, request: Mapping[str, Any]) -> Record:
        """TagResource."""
        self._tags(request["resourceArn"]).update(request["tags"])
        return {}

    def untag(self, request: Mapping[str, Any]) -> Record:
        """UntagResource."""
        tags = self._tags(request["resourceArn"])
        for key in request["tagKeys"]:
            tags.pop(key, None)
        return {}

    def list(self, request: Mapping[str, Any]) -> Record:
        """ListTagsForResource."""
        return {"tags": self._tags(request["resourceArn"])}

    def _tags(self, arn: str) -> dict[str, str]:
        find = next(find for part, find in self._finders.items() if part in arn)
        tags: dict[str, str] = find(arn)["tags"]
        return tags
