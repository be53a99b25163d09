"""Gateways: CreateGateway and its kin, with the rules that the API's model does not express.

docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateGateway.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local.emulator import authorization, web_acls
from local.emulator.agentcore import arns
from local.emulator.agentcore.collection import Collection, Record, new_suffix, now
from local.emulator.agentcore.encryption import check_key
from local.emulator.agentcore.errors import ApiError, conflict, invalid
from local.emulator.agentcore.execution_role import SERVICE
from local.emulator.agentcore.gateway_rules import check_interceptors, check_policy_engine
from local.emulator.agentcore.identities import WorkloadIdentities
from local.emulator.agentcore.policy_engines import PolicyEngines
from local.emulator.settings import HOST

_MCP_VERSIONS = ("2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
_MOST_GATEWAYS = 1000


class Gateways:
    """The account's gateways; each serves MCP at a loopback port of its own."""

    def __init__(self, identities: WorkloadIdentities, engines: PolicyEngines, *, first_port: int) -> None:
        """Each gateway gets one of `identities` and may use one of `engines`.

        The first gateway's URL names `first_port`, the next one the lowest port that is free again.
        """
        self._identities = identities
        self._engines = engines
        self._first_port = first_port
        self._gateways = Collection("Gateway")
        self._ports: dict[str, int] = {}
        self._targets: dict[str, Collection] = {}
        self._rate_limits: dict[str, Collection] = {}

    def targets(self, gateway_id: str) -> Collection:
        """The gateway's targets. Raises ResourceNotFoundException for the gateway."""
        self._gateways.get(gateway_id)
        return self._targets[gateway_id]

    def rate_limits(self, gateway_id: str) -> Collection:
        """The gateway's rate limits. Raises ResourceNotFoundException for the gateway."""
        self._gateways.get(gateway_id)
        return self._rate_limits[gateway_id]

    def create(self, request: Mapping[str, Any]) -> Record:
        """CreateGateway."""
        if len(self._gateways) >= _MOST_GATEWAYS:
            raise ApiError("ServiceQuotaExceededException", f"An account has at most {_MOST_GATEWAYS} gateways")
        name = request["name"]
        if any(gateway["name"] == name for gateway in self._gateways):
            raise conflict(f"A gateway with name {name} already exists")
        gateway_id = f"{name.lower().rstrip('-')}-{new_suffix()}"
        self._check(request, gateway_id)
        self._ports[gateway_id] = self._next_port()
        self._targets[gateway_id] = Collection("Target")
        self._rate_limits[gateway_id] = Collection("Rate limit")
        record = {
            **_settings(request),
            "gatewayId": gateway_id,
            "gatewayArn": arns.gateway(gateway_id),
            "gatewayUrl": f"http://{HOST}:{self._ports[gateway_id]}/mcp",
            "workloadIdentityDetails": {"workloadIdentityArn": self._identities.add(gateway_id)},
            "createdAt": now(),
            "updatedAt": now(),
            "status": "READY",
            "tags": dict(request.get("tags", {})),
        }
        self._put(record)
        return {**record, "status": "CREATING"}

    def get(self, request: Mapping[str, Any]) -> Record:
        """GetGateway."""
        record = self._gateways.get(request["gatewayIdentifier"])
        web_acl = web_acls.of(record["gatewayArn"])
        return {**record, "webAclArn": web_acl} if web_acl else record

    def list(self, request: Mapping[str, Any]) -> Record:
        """ListGateways."""
        return self._gateways.page(request)

    def update(self, request: Mapping[str, Any]) -> Record:
        """UpdateGateway: replaces every setting, so that one left out is gone; the name cannot change."""
        record = self._gateways.get(request["gatewayIdentifier"])
        if request["name"] != record["name"]:
            raise invalid(f"The name of the gateway {record['name']} cannot be changed to {request['name']}")
        self._check(request, record["gatewayId"])
        kept = {name: record[name] for name in _KEPT_ON_UPDATE}
        record = {**_settings(request), **kept, "updatedAt": now(), "status": "READY"}
        self._put(record)
        return {**record, "status": "UPDATING"}

    def delete(self, request: Mapping[str, Any]) -> Record:
        """DeleteGateway: a gateway that still has targets stays."""
        gateway_id = request["gatewayIdentifier"]
        if len(self.targets(gateway_id)):
            raise invalid(
                f"Gateway with ID {gateway_id} has targets associated with it. Delete all targets before deleting "
                "the gateway"
            )
        self._engines.use(arns.gateway(gateway_id), None)
        web_acls.forget(arns.gateway(gateway_id))
        self._gateways.remove(gateway_id)
        self._identities.discard(gateway_id)
        del self._ports[gateway_id], self._targets[gateway_id], self._rate_limits[gateway_id]
        return {"gatewayId": gateway_id, "status": "DELETING"}

    def by_arn(self, arn: str) -> Record:
        """The gateway with this ARN. Raises ResourceNotFoundException."""
        return self._gateways.get(arn.rpartition(":gateway/")[2])

    def exists(self, arn: str) -> bool:
        """Whether there is a gateway with this ARN."""
        gateway_id = arn.rpartition(":gateway/")[2]
        return gateway_id in self._gateways and arn == arns.gateway(gateway_id)

    def with_role(self, role_arn: str) -> Sequence[str]:
        """The ARNs of the gateways that have this role."""
        return [gateway["gatewayArn"] for gateway in self._gateways if gateway["roleArn"] == role_arn]

    def _put(self, record: Record) -> None:
        self._engines.use(record["gatewayArn"], record.get("policyEngineConfiguration", {}).get("arn"))
        self._gateways.put(record["gatewayId"], record)

    def _check(self, request: Mapping[str, Any], gateway_id: str) -> None:
        _check(request, gateway_id)
        check_policy_engine(request, arns.gateway(gateway_id), self._engines)
        check_interceptors(request)

    def _next_port(self) -> int:
        taken = set(self._ports.values())
        return next(port for port in range(self._first_port, 65536) if port not in taken)


_KEPT_ON_UPDATE = (
    "gatewayId",
    "gatewayArn",
    "gatewayUrl",
    "workloadIdentityDetails",
    "createdAt",
    "tags",
)


def _settings(request: Mapping[str, Any]) -> Record:
    """What a request says about the gateway itself."""
    about_the_call = ("gatewayIdentifier", "clientToken", "tags")
    return {name: value for name, value in request.items() if name not in about_the_call}


def _check(request: Mapping[str, Any], gateway_id: str) -> None:
    role = request["roleArn"]
    if not authorization.role_trusts(role, SERVICE, source_arn=arns.gateway(gateway_id)):
        raise invalid(f"The role {role} does not exist or does not let {SERVICE} assume it")
    if request["authorizerType"] == "CUSTOM_JWT" and "authorizerConfiguration" not in request:
        raise invalid("authorizerConfiguration is required for the authorizer type CUSTOM_JWT")
    if request["authorizerType"] != "CUSTOM_JWT" and "authorizerConfiguration" in request:
        raise invalid(f"authorizerConfiguration is not allowed for the authorizer type {request['authorizerType']}")
    versions = request.get("protocolConfiguration", {}).get("mcp", {}).get("supportedVersions", [])
    if unknown := sorted(set(versions) - set(_MCP_VERSIONS)):
        raise invalid(f"Unsupported MCP versions {unknown}: supported are {', '.join(_MCP_VERSIONS)}")
    if "kmsKeyArn" in request:
        check_key(request["kmsKeyArn"])
