"""Gateway targets: CreateGatewayTarget and its kin.

docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateGatewayTarget.html; limits from
docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html; synchronization from
docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-target-MCPservers.html
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from typing import Any

from local.emulator.agentcore.collection import Collection, Record, new_suffix, now
from local.emulator.agentcore.errors import ApiError, conflict, invalid
from local.emulator.agentcore.gateways import Gateways
from local.emulator.agentcore.outbound import Outbound
from local.emulator.agentcore.synchronization import SynchronizationError, Synchronizer
from local.emulator.agentcore.target_rules import check, kind_of
from local.emulator.agentcore.target_tools import TOOLS, tools_of
from local.emulator.agentcore.token_vault import TokenVault

_MOST_TARGETS = 100
_MOST_OPERATIONS = 5
# A target operation takes a moment on AWS: while it lasts it counts towards the limit of concurrent operations.
_OPERATION_SECONDS = 0.2
_FAILED = {"CREATING": "FAILED", "UPDATING": "UPDATE_UNSUCCESSFUL", "SYNCHRONIZING": "SYNCHRONIZE_UNSUCCESSFUL"}


class Targets:
    """The targets of every gateway."""

    def __init__(self, gateways: Gateways, *, vault: TokenVault, outbound: Outbound) -> None:
        """Targets live and end with their gateway; MCP servers are asked for their tools through `outbound`."""
        self._gateways = gateways
        self._vault = vault
        self._synchronizer = Synchronizer(outbound)

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
        check(settings, gateway, self._vault)
        record = {
            **settings,
            TOOLS: tools_of(settings["targetConfiguration"]),
            "gatewayArn": gateway["gatewayArn"],
            "targetId": new_suffix().upper(),
            "createdAt": now(),
            "updatedAt": now(),
        }
        return self._begin("CREATING", record, gateway, targets)

    def get(self, request: Mapping[str, Any]) -> Record:
        """GetGatewayTarget."""
        record = self._gateways.targets(request["gatewayIdentifier"]).get(request["targetId"])
        return _shown(record)

    def list(self, request: Mapping[str, Any]) -> Record:
        """ListGatewayTargets."""
        page = self._gateways.targets(request["gatewayIdentifier"]).page(request)
        page["items"] = [_summary(record) for record in page["items"]]
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
        check(settings, gateway, self._vault)
        settings[TOOLS] = record[TOOLS] if _listed_by_server(settings) else tools_of(settings["targetConfiguration"])
        kept = {member: record[member] for member in ("gatewayArn", "targetId", "createdAt")}
        return self._begin("UPDATING", {**settings, **kept, "updatedAt": now()}, gateway, targets)

    def delete(self, request: Mapping[str, Any]) -> Record:
        """DeleteGatewayTarget."""
        gateway = self._gateways.get(request)
        targets = self._gateways.targets(gateway["gatewayId"])
        targets.get(request["targetId"])
        _check_concurrency(targets)
        targets.remove(request["targetId"])
        return {"gatewayArn": gateway["gatewayArn"], "targetId": request["targetId"], "status": "DELETING"}

    def synchronize(self, request: Mapping[str, Any]) -> Record:
        """SynchronizeGatewayTargets: ask an MCP server for its tools again."""
        gateway = self._gateways.get(request)
        targets = self._gateways.targets(gateway["gatewayId"])
        record = targets.get(request["targetIdList"][0])
        if not _listed_by_server(record):
            raise invalid("Only MCP server targets whose tools the server lists can be synchronized")
        _check_concurrency(targets)
        return {"targets": [self._begin("SYNCHRONIZING", record, gateway, targets)]}

    def _begin(self, status: str, record: Record, gateway: Record, targets: Collection) -> Record:
        """Keep the record as busy, let it become ready, and give it as the operation answers it."""
        listed = _listed_by_server(record)
        ready_at = math.inf if listed else time.monotonic() + _OPERATION_SECONDS
        kept = {name: value for name, value in record.items() if name != "_failed"}
        busy = {**kept, "_busy": status, "_ready_at": ready_at, "statusReasons": []}
        targets.put(busy["targetId"], busy)
        if listed:
            arguments = (status, busy, gateway, targets)
            threading.Thread(target=self._synchronize, args=arguments, name="target-sync", daemon=True).start()
        return {**record, "status": status}

    def _synchronize(self, status: str, busy: Record, gateway: Record, targets: Collection) -> None:
        try:
            tools = self._synchronizer.list_tools(busy, gateway)
            settled = {**busy, TOOLS: tools, "_ready_at": 0.0, "lastSynchronizedAt": now()}
        except SynchronizationError as error:
            settled = {**busy, "_ready_at": 0.0, "_failed": _FAILED[status], "statusReasons": [str(error)]}
        if busy["targetId"] in targets and targets.get(busy["targetId"]) is busy:
            targets.put(busy["targetId"], settled)


def _listed_by_server(record: Mapping[str, Any]) -> bool:
    """Whether AgentCore asks the target itself for its tools when it synchronizes."""
    server = record["targetConfiguration"].get("mcp", {}).get("mcpServer")
    return server is not None and server.get("listingMode") != "DYNAMIC" and "mcpToolSchema" not in server


def _settings(request: Mapping[str, Any]) -> Record:
    about_the_call = ("gatewayIdentifier", "targetId", "clientToken")
    settings = {name: value for name, value in request.items() if name not in about_the_call}
    return {"credentialProviderConfigurations": [], **settings}


def _shown(record: Record) -> Record:
    busy = time.monotonic() < record["_ready_at"]
    status = record["_busy"] if busy else record.get("_failed", "READY")
    return {"lastSynchronizedAt": record["updatedAt"], **record, "status": status}


def _summary(record: Record) -> Record:
    server = record["targetConfiguration"].get("mcp", {}).get("mcpServer", {})
    listing = {name: server[name] for name in ("listingMode", "resourcePriority") if name in server}
    return {**_shown(record), **listing, "targetType": kind_of(record["targetConfiguration"])}


def _check_concurrency(targets: Collection) -> None:
    busy = sum(1 for target in targets if time.monotonic() < target["_ready_at"])
    if busy >= _MOST_OPERATIONS:
        raise ApiError(
            "ServiceQuotaExceededException",
            f"A gateway takes at most {_MOST_OPERATIONS} concurrent target operations",
        )
