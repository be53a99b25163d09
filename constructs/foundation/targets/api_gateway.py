"""A stage of a REST API of API Gateway, as a target.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-target-api-gateway.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aws_cdk import ArnFormat, Stack

from foundation.acknowledge import RuleIds, arn_as_printed
from foundation.targets.interface import BoundKind, Grant, Properties, Surroundings


@dataclass(frozen=True, kw_only=True)
class ToolFilter:
    """Operations that become tools: HTTP `methods` of a `path`, or of all paths with a prefix that ends in `*`."""

    path: str
    methods: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class ToolOverride:
    """Name and description of the tool that one operation becomes."""

    path: str
    method: str
    name: str
    description: str | None = None

    @property
    def configuration(self) -> Properties:
        """The entry of `ToolOverrides`."""
        named = {"path": self.path, "method": self.method, "name": self.name}
        return {**named, "description": self.description} if self.description else named


@dataclass(frozen=True, kw_only=True)
class RestApiStage:
    """A stage of a REST API in the gateway's account and region.

    Attributes:
        rest_api_id: the API.
        stage: the stage's name.
        filters: operations that become tools.
        overrides: names and descriptions.
    """

    rest_api_id: str
    stage: str
    filters: Sequence[ToolFilter]
    overrides: Sequence[ToolOverride] = ()

    def bind(self, at: Surroundings, /) -> BoundKind:
        """Nothing has to be made; a role that signs may invoke what the filters let through."""
        stack = Stack.of(at.scope)
        configuration: dict[str, object] = {
            "toolFilters": [{"filterPath": entry.path, "methods": list(entry.methods)} for entry in self.filters]
        }
        if self.overrides:
            configuration["toolOverrides"] = [override.configuration for override in self.overrides]
        reasons: dict[RuleIds, str] = {
            f"AwsSolutions-IAM5[Resource::{arn_as_printed(at.scope, 'execute-api', method)}]": "The filters of the "
            f"target {at.name} let these operations through and no others; a path parameter's value is known when it "
            "is called: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html"
            for method in self._methods()
            if "*" in method
        }
        resources = [
            stack.format_arn(service="execute-api", resource=method, arn_format=ArnFormat.NO_RESOURCE_NAME)
            for method in self._methods()
        ]
        return BoundKind(
            configuration={
                "apiGateway": {
                    "restApiId": self.rest_api_id,
                    "stage": self.stage,
                    "apiGatewayToolConfiguration": configuration,
                }
            },
            to_call=[Grant(["execute-api:Invoke"], resources, reasons=reasons)],
        )

    def _methods(self) -> Iterator[str]:
        """Resources of execute-api that the filters are about, with `*` for each path parameter."""
        for entry in self.filters:
            path = re.sub(r"\{[^}]*\}", "*", entry.path)
            for method in entry.methods:
                yield f"{self.rest_api_id}/{self.stage}/{method}{path}"
