"""Policy engines: CreatePolicyEngine and its kin.

docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreatePolicyEngine.html; quotas from
docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html ("Policy Service Quotas"). An engine
with policies, or one that a gateway uses, stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.emulator.agentcore import arns
from local.emulator.agentcore.collection import Collection, Record, new_suffix, now
from local.emulator.agentcore.encryption import check_key
from local.emulator.agentcore.errors import ApiError, conflict

_MOST_ENGINES = 1000
_PAGE = 10


class PolicyEngines:
    """The account's policy engines, each with its policies and the gateways that use it."""

    def __init__(self) -> None:
        self._engines = Collection("Policy engine")
        self._policies: dict[str, Collection] = {}
        self._gateways: dict[str, set[str]] = {}

    def policies(self, engine_id: str) -> Collection:
        """The engine's policies. Raises ResourceNotFoundException for the engine."""
        self._engines.get(engine_id)
        return self._policies[engine_id]

    def policy_names(self) -> frozenset[str]:
        """The names of the policies of all engines: one is unique in the account."""
        return frozenset(policy["name"] for policies in list(self._policies.values()) for policy in policies)

    def gateways(self, engine_id: str) -> frozenset[str]:
        """The ARNs of the gateways that use the engine."""
        return frozenset(self._gateways[engine_id])

    def use(self, gateway_arn: str, engine_arn: str | None) -> None:
        """Note which engine a gateway uses from now on; None for none any more."""
        for used_by in self._gateways.values():
            used_by.discard(gateway_arn)
        if engine_arn is not None:
            self._gateways[self.by_arn(engine_arn)["policyEngineId"]].add(gateway_arn)

    def create(self, request: Mapping[str, Any]) -> Record:
        """CreatePolicyEngine."""
        name = request["name"]
        if any(engine["name"] == name for engine in self._engines):
            raise conflict(f"A policy engine with name {name} already exists")
        if len(self._engines) >= _MOST_ENGINES:
            raise ApiError("ServiceQuotaExceededException", f"An account has at most {_MOST_ENGINES} policy engines")
        if "encryptionKeyArn" in request:
            check_key(request["encryptionKeyArn"])
        engine_id = f"{name}-{new_suffix()}"
        settings = {name: request[name] for name in ("description", "encryptionKeyArn") if name in request}
        record = {
            **settings,
            "name": name,
            "policyEngineId": engine_id,
            "policyEngineArn": arns.policy_engine(engine_id),
            "createdAt": now(),
            "updatedAt": now(),
            "status": "ACTIVE",
            "statusReasons": [],
            "tags": dict(request.get("tags", {})),
        }
        self._policies[engine_id] = Collection("Policy")
        self._gateways[engine_id] = set()
        self._engines.put(engine_id, record)
        return {**record, "status": "CREATING"}

    def get(self, request: Mapping[str, Any]) -> Record:
        """GetPolicyEngine and GetPolicyEngineSummary."""
        return self._engines.get(request["policyEngineId"])

    def list(self, request: Mapping[str, Any]) -> Record:
        """ListPolicyEngines and ListPolicyEngineSummaries."""
        return self._engines.page({"maxResults": _PAGE, **request}, called="policyEngines")

    def update(self, request: Mapping[str, Any]) -> Record:
        """UpdatePolicyEngine: only the description can change."""
        record = {**described_anew(self.get(request), request), "updatedAt": now()}
        self._engines.put(record["policyEngineId"], record)
        return {**record, "status": "UPDATING"}

    def delete(self, request: Mapping[str, Any]) -> Record:
        """DeletePolicyEngine: one with policies, or one that a gateway uses, stays."""
        record = self.get(request)
        engine_id = record["policyEngineId"]
        if number := len(self._policies[engine_id]):
            raise conflict(f"Policy engine {engine_id} has {number} policies: delete them before the policy engine")
        if users := sorted(self._gateways[engine_id]):
            raise conflict(f"Policy engine {engine_id} is associated with {', '.join(users)}: detach it first")
        self._engines.remove(engine_id)
        del self._policies[engine_id], self._gateways[engine_id]
        return {**record, "status": "DELETING"}

    def by_arn(self, arn: str) -> Record:
        """The engine with this ARN. Raises ResourceNotFoundException."""
        return self._engines.get(arn.rpartition(":policy-engine/")[2])


def described_anew(record: Record, request: Mapping[str, Any]) -> Record:
    """The record with the description that an update asks for: an empty one is none any more."""
    if "description" not in request:
        return dict(record)
    kept = {name: value for name, value in record.items() if name != "description"}
    given = request["description"].get("optionalValue")
    return kept if given is None else {**kept, "description": given}
