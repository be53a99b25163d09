"""X-Ray's resource policies: recorded, so that a template with one deploys; no trace is ever sent."""
# ruff: noqa: ARG002 - the signatures are ResourceType's

from __future__ import annotations

import json

from local.emulator.resources.base import Place, Properties, Resource, ResourceType

_MOST = 5
_LONGEST_DOCUMENT = 5120


class XRayResourcePolicy(ResourceType):
    """AWS::XRay::ResourcePolicy, with the limits of docs.aws.amazon.com/xray/latest/api/API_PutResourcePolicy.html."""

    type = "AWS::XRay::ResourcePolicy"

    def __init__(self) -> None:
        """No policy yet."""
        self._policies: dict[str, str] = {}

    def create(self, properties: Properties, place: Place) -> Resource:
        """Keep a new policy under its name."""
        name = properties["PolicyName"]
        if name in self._policies:
            raise ValueError(f"The X-Ray resource policy {name} already exists")
        if len(self._policies) >= _MOST:
            raise ValueError(f"An account has at most {_MOST} X-Ray resource policies")
        return self._keep(name, properties)

    def update(self, resource_id: str, old: Properties, new: Properties, place: Place) -> Resource:
        """Replace the document."""
        return self._keep(resource_id, new)

    def delete(self, resource_id: str, properties: Properties) -> None:
        """Forget the policy."""
        self._policies.pop(resource_id, None)

    def _keep(self, name: str, properties: Properties) -> Resource:
        document = properties["PolicyDocument"]
        text = document if isinstance(document, str) else json.dumps(document)
        json.loads(text)
        if len(text.encode()) > _LONGEST_DOCUMENT:
            raise ValueError(f"The X-Ray resource policy {name} is longer than {_LONGEST_DOCUMENT} bytes")
        self._policies[name] = text
        return Resource(id=name, attributes={"PolicyName": name})
