"""The policies of an engine: CreatePolicy and its kin.

docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreatePolicy.html; what is checked when, and that
it shows in the status, from docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-create-update-validation.html;
quotas from …/bedrock-agentcore-limits.html ("Policy Service Quotas").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cedarpy

from local.emulator.agentcore import arns
from local.emulator.agentcore.cedar_schema import Tool, gateway_schema
from local.emulator.agentcore.collection import Record, new_suffix, now
from local.emulator.agentcore.errors import ApiError, conflict
from local.emulator.agentcore.gateways import Gateways
from local.emulator.agentcore.policy_analysis import findings
from local.emulator.agentcore.policy_engines import PolicyEngines, described_anew
from local.emulator.agentcore.policy_statements import Statement, parse, text_of
from local.emulator.agentcore.target_tools import TOOLS

_MOST_POLICIES = 1000
_MOST_BYTES = 200 * 1024
_PAGE = 10
_IN_FORCE = ("ACTIVE", "UPDATE_FAILED")

Targets = Mapping[str, list[Tool]]


class Policies:
    """The policies of every engine, checked against the tools of the gateways that they are about."""

    def __init__(self, engines: PolicyEngines, gateways: Gateways) -> None:
        """Policies live and end with their engine."""
        self._engines = engines
        self._gateways = gateways

    def create(self, request: Mapping[str, Any]) -> Record:
        """CreatePolicy: answers before the statement is validated; the policy's status tells what came of it."""
        engine_id, name = request["policyEngineId"], request["name"]
        policies = self._engines.policies(engine_id)
        if name in self._engines.policy_names():
            raise conflict(f"A policy with name {name} already exists in this account")
        if len(policies) >= _MOST_POLICIES:
            raise ApiError("ServiceQuotaExceededException", f"A policy engine has at most {_MOST_POLICIES} policies")
        statement = parse(text_of(request["definition"]))
        self._check_size(engine_id, statement, replaced=None)
        policy_id = f"{name}-{new_suffix()}"
        given = {member: request[member] for member in ("description", "definition") if member in request}
        record = {
            **given,
            "name": name,
            "policyId": policy_id,
            "policyArn": arns.policy(engine_id, policy_id),
            "policyEngineId": engine_id,
            "enforcementMode": request.get("enforcementMode", "ACTIVE"),
            "createdAt": now(),
            "updatedAt": now(),
        }
        problems = self._problems(statement, request, replaced=None)
        status = "CREATE_FAILED" if problems else "ACTIVE"
        policies.put(policy_id, {**record, "status": status, "statusReasons": problems})
        return {**record, "status": "CREATING", "statusReasons": []}

    def get(self, request: Mapping[str, Any]) -> Record:
        """GetPolicy and GetPolicySummary."""
        return self._engines.policies(request["policyEngineId"]).get(request["policyId"])

    def list(self, request: Mapping[str, Any]) -> Record:
        """ListPolicies and ListPolicySummaries, of one gateway's when `targetResourceScope` names it."""
        scope = request.get("targetResourceScope")

        def among(policy: Record) -> bool:
            return scope is None or parse(text_of(policy["definition"])).gateway_arn in (None, scope)

        paged = {"maxResults": _PAGE, **request}
        return self._engines.policies(request["policyEngineId"]).page(paged, called="policies", among=among)

    def update(self, request: Mapping[str, Any]) -> Record:
        """UpdatePolicy: validates the statement, the old one as well; when that fails, the old one stays in force."""
        record = self.get(request)
        changed = {**described_anew(record, request), "updatedAt": now()}
        for member in ("definition", "enforcementMode"):
            if member in request:
                changed[member] = request[member]
        statement = parse(text_of(changed["definition"]))
        self._check_size(record["policyEngineId"], statement, replaced=record)
        problems = self._problems(statement, request, replaced=record)
        settled = {**changed, "status": "ACTIVE", "statusReasons": []}
        if problems:
            failed = "CREATE_FAILED" if record["status"] == "CREATE_FAILED" else "UPDATE_FAILED"
            settled = {**record, "updatedAt": now(), "status": failed, "statusReasons": problems}
        self._engines.policies(record["policyEngineId"]).put(record["policyId"], settled)
        return {**changed, "status": "UPDATING", "statusReasons": []}

    def delete(self, request: Mapping[str, Any]) -> Record:
        """DeletePolicy."""
        record = self.get(request)
        self._engines.policies(record["policyEngineId"]).remove(record["policyId"])
        return {**record, "status": "DELETING"}

    def _check_size(self, engine_id: str, statement: Statement, *, replaced: Record | None) -> None:
        """Refuse what makes an engine's policies for one resource too long in sum."""
        texts = [
            text_of(policy["definition"]) for policy in self._engines.policies(engine_id) if policy is not replaced
        ]
        same = [text for text in texts if parse(text).gateway_arn == statement.gateway_arn]
        size = sum(len(text.encode()) for text in [*same, statement.text])
        if size > _MOST_BYTES:
            raise ApiError(
                "ServiceQuotaExceededException",
                f"The policies of policy engine {engine_id} for {statement.gateway_arn or 'all gateways'} would have "
                f"{size} bytes: at most {_MOST_BYTES} are allowed for one resource",
            )

    def _problems(self, statement: Statement, request: Mapping[str, Any], *, replaced: Record | None) -> Sequence[str]:
        engine_id = request["policyEngineId"]
        try:
            gateways = self._concerned(statement, engine_id)
        except ApiError as error:
            return [error.message]
        problems = _schema_problems(statement, gateways)
        if problems or request.get("validationMode") == "IGNORE_ALL_FINDINGS":
            return problems
        others = [
            parse(text_of(policy["definition"]))
            for policy in self._engines.policies(engine_id)
            if policy is not replaced and policy["status"] in _IN_FORCE and policy["enforcementMode"] == "ACTIVE"
        ]
        return findings(statement, others, gateways)

    def _concerned(self, statement: Statement, engine_id: str) -> dict[str, Targets]:
        """The tools, by gateway and target, that the statement is about. Raises ResourceNotFoundException."""
        named = [statement.gateway_arn] if statement.gateway_arn else sorted(self._engines.gateways(engine_id))
        return {arn: self._tools(arn) for arn in named}

    def _tools(self, gateway_arn: str) -> Targets:
        gateway = self._gateways.by_arn(gateway_arn)
        return {target["name"]: target[TOOLS] for target in self._gateways.targets(gateway["gatewayId"])}


def _schema_problems(statement: Statement, gateways: Mapping[str, Targets]) -> list[str]:
    """What the schema of each gateway says, once; no gateway is asked about a statement for gateways to come."""
    found: dict[str, None] = {}
    for targets in gateways.values():
        result = cedarpy.validate_policies(statement.text, gateway_schema(targets))
        found.update(dict.fromkeys(error.error for error in result.errors))
    return list(found)
