"""Gateway targets: CreateGatewayTarget and its kin, with the rules that the API's model does not express.

docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateGatewayTarget.html; limits from
docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from local.emulator import authorization
from local.emulator.agentcore.collection import Collection, Record, new_suffix, now
from local.emulator.agentcore.errors import ApiError, conflict, invalid
from local.emulator.agentcore.gateways import Gateways
from local.emulator.aws import client
from local.headers import restricted

_MOST_TARGETS = 100
_MOST_TOOLS = 1000
_MOST_OPERATIONS = 5
# A target operation takes a moment on AWS: while it lasts it counts towards the limit of concurrent operations.
_OPERATION_SECONDS = 0.2
_KINDS = {
    ("mcp", "lambda"): "LAMBDA",
    ("mcp", "openApiSchema"): "OPEN_API_SCHEMA",
    ("mcp", "smithyModel"): "SMITHY_MODEL",
    ("mcp", "mcpServer"): "MCP_SERVER",
    ("mcp", "apiGateway"): "API_GATEWAY",
    ("mcp", "connector"): "CONNECTOR",
    ("http", "agentcoreRuntime"): "AGENTCORE_RUNTIME",
    ("http", "passthrough"): "PASSTHROUGH",
    ("http", "connector"): "HTTP_CONNECTOR",
    ("inference", "connector"): "CONNECTOR",
    ("inference", "provider"): "PROVIDER",
}


class Targets:
    """The targets of every gateway."""

    def __init__(self, gateways: Gateways) -> None:
        """Targets live and end with their gateway."""
        self._gateways = gateways

    def create(self, request: Mapping[str, Any]) -> Record:
        """CreateGatewayTarget."""
        gateway = self._gateways.get(request)
        targets = self._gateways.targets(gateway["gatewayId"])
        name = request.get("name")
        if name is None:
            raise invalid("Value null at 'name' failed to satisfy constraint: Member must not be null")
        if len(targets) >= _MOST_TARGETS:
            raise ApiError("ServiceQuotaExceededException", f"A gateway has at most {_MOST_TARGETS} targets")
        _check_concurrency(targets)
        if any(target["name"] == name for target in targets):
            raise conflict(f"A target with name {name} already exists in gateway {gateway['gatewayId']}")
        settings = _settings(request)
        _check(settings, gateway)
        record = {
            **settings,
            "gatewayArn": gateway["gatewayArn"],
            "targetId": new_suffix().upper(),
            "createdAt": now(),
            "updatedAt": now(),
        }
        targets.put(record["targetId"], _busy(record))
        return {**record, "status": "CREATING"}

    def get(self, request: Mapping[str, Any]) -> Record:
        """GetGatewayTarget."""
        record = self._gateways.targets(request["gatewayIdentifier"]).get(request["targetId"])
        return _shown(record)

    def list(self, request: Mapping[str, Any]) -> Record:
        """ListGatewayTargets."""
        page = self._gateways.targets(request["gatewayIdentifier"]).page(request)
        page["items"] = [
            {**_shown(record), "targetType": kind_of(record["targetConfiguration"])} for record in page["items"]
        ]
        return page

    def update(self, request: Mapping[str, Any]) -> Record:
        """UpdateGatewayTarget: replaces every setting, so that one left out is gone."""
        gateway = self._gateways.get(request)
        targets = self._gateways.targets(gateway["gatewayId"])
        record = targets.get(request["targetId"])
        _check_concurrency(targets)
        name = request.get("name", record["name"])
        if any(other["name"] == name and other is not record for other in targets):
            raise conflict(f"A target with name {name} already exists in gateway {gateway['gatewayId']}")
        settings = {**_settings(request), "name": name}
        _check(settings, gateway)
        kept = {member: record[member] for member in ("gatewayArn", "targetId", "createdAt")}
        changed = {**settings, **kept, "updatedAt": now()}
        targets.put(changed["targetId"], _busy(changed))
        return {**changed, "status": "UPDATING"}

    def delete(self, request: Mapping[str, Any]) -> Record:
        """DeleteGatewayTarget."""
        gateway = self._gateways.get(request)
        targets = self._gateways.targets(gateway["gatewayId"])
        targets.get(request["targetId"])
        _check_concurrency(targets)
        targets.remove(request["targetId"])
        return {"gatewayArn": gateway["gatewayArn"], "targetId": request["targetId"], "status": "DELETING"}


def kind_of(configuration: Mapping[str, Any]) -> str:
    """The target type that a target configuration means."""
    family, inner = next(iter(configuration.items()))
    return _KINDS[family, next(iter(inner))]


def _settings(request: Mapping[str, Any]) -> Record:
    about_the_call = ("gatewayIdentifier", "targetId", "clientToken")
    return {name: value for name, value in request.items() if name not in about_the_call}


def _busy(record: Record) -> Record:
    record["_ready_at"] = time.monotonic() + _OPERATION_SECONDS
    return record


def _shown(record: Record) -> Record:
    ready = time.monotonic() >= record["_ready_at"]
    return {**record, "status": "READY" if ready else "CREATING", "lastSynchronizedAt": record["updatedAt"]}


def _check_concurrency(targets: Collection) -> None:
    busy = sum(1 for target in targets if time.monotonic() < target["_ready_at"])
    if busy >= _MOST_OPERATIONS:
        raise ApiError(
            "ServiceQuotaExceededException",
            f"A gateway takes at most {_MOST_OPERATIONS} concurrent target operations",
        )


def _check(settings: Mapping[str, Any], gateway: Record) -> None:
    _check_headers(settings.get("metadataConfiguration", {}))
    providers = settings.get("credentialProviderConfigurations")
    if kind_of(settings["targetConfiguration"]) != "LAMBDA":
        return
    if not providers:
        raise invalid("Credential provider configurations is not defined")
    provider = providers[0]["credentialProviderType"]
    if provider != "GATEWAY_IAM_ROLE":
        raise invalid(f"A Lambda target takes the credential provider type GATEWAY_IAM_ROLE only, not {provider}")
    target = settings["targetConfiguration"]["mcp"]["lambda"]
    _check_tools(tools_of(target["toolSchema"]))
    _check_invocation(gateway["roleArn"], target["lambdaArn"])


def _check_headers(metadata: Mapping[str, Any]) -> None:
    """Refuse headers that cannot be propagated (devguide, gateway-headers)."""
    names = [
        name for member in ("allowedRequestHeaders", "allowedResponseHeaders") for name in metadata.get(member, ())
    ]
    if found := restricted(names):
        raise invalid(f"Restricted headers cannot be configured for propagation: {', '.join(found)}")


def _check_invocation(role_arn: str, function_arn: str) -> None:
    """The dry run that AgentCore makes (github.com/aws/aws-cdk/issues/36826)."""
    may = authorization.role_may(role_arn, "lambda:InvokeFunction", function_arn)
    if not may or not authorization.function_exists(function_arn):
        raise invalid(
            f"Gateway execution role lacks permission to invoke Lambda function {function_arn}. Update the "
            "permission and retry"
        )


def tools_of(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tool definitions of a tool schema, read from S3 where they lie there. Raises ValidationException."""
    if "inlinePayload" in schema:
        inline: list[Mapping[str, Any]] = schema["inlinePayload"]
        return inline
    uri = urlsplit(schema["s3"].get("uri", ""))
    try:
        text = client("s3").get_object(Bucket=uri.netloc, Key=uri.path.lstrip("/"))["Body"].read()
        tools = json.loads(text)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise invalid(f"The tool schema {uri.geturl()} cannot be read: {error}") from error
    if not isinstance(tools, list) or not all(isinstance(tool, dict) and "name" in tool for tool in tools):
        raise invalid(f"The tool schema {uri.geturl()} is not a list of tool definitions")
    return tools


def _check_tools(tools: Iterable[Mapping[str, Any]]) -> None:
    names = [tool["name"] for tool in tools]
    if not names or len(names) > _MOST_TOOLS:
        raise invalid(f"A target has from 1 to {_MOST_TOOLS} tools, not {len(names)}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise invalid(f"Tool names are used more than once: {', '.join(twice)}")
