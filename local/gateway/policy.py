"""Cedar at the gateway: may this caller call this tool, and which tools may it see?

A call is denied unless a policy permits it and none forbids it; so is one that cannot be evaluated, and one that a
policy fails on ("reading a tag that does not exist is an error that denies the request", devguide,
example-policies-principal). An engine without a policy denies everything.

tools/list shows a tool "if there exists any set of circumstances under which a call to that tool would be permitted"
(devguide, use-gateway-with-policy, PartiallyAuthorizeActions): the policies are evaluated with an unknown context.
Like AgentCore's own answer that is an approximation: a condition that contradicts itself counts as possible.

Sources: https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-authorization-flow.html,
policy-understanding-cedar.html, policy-scope.html, policy-enforcement-modes.html.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import cedarpy

from local.gateway.cedar import CedarError, cedar_policies, context, quoted, tags
from local.gateway.configuration import PolicyEngineRecord, PolicyRecord
from local.gateway.targets.interface import TOOL_SEPARATOR

logger = logging.getLogger(__name__)

NO_POLICY = "No policy applies to the request (denied by default)."
NOT_EVALUATED = "The request could not be evaluated."

_REMEMBERED_CALLERS = 256
"""Callers whose list of tools is kept; a caller's token decides it, so it lasts as long as the policies do."""

_GROUPS = ("CallTool", "Mcp")
"""The actions that every tool's action belongs to, after its target's (devguide, policy-schema-constraints)."""


@dataclass(frozen=True)
class Decision:
    """Whether a call may go on; `reason` is AgentCore's sentence for the caller when it may not."""

    allowed: bool
    reason: str = ""


class PolicyEngine:
    """The policies of one gateway, parsed once. Not for several threads at a time."""

    def __init__(
        self,
        *,
        record: PolicyEngineRecord,
        gateway_arn: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Parse the enforced policies; raises CedarError when one is not plain Cedar."""
        self.enforced = record.mode == "ENFORCE"
        self._gateway_arn = gateway_arn
        self._clock = clock
        self._policies = [
            (policy.policy_id, number, parsed)
            for policy in record.policies
            if policy.enforced
            for number, parsed in enumerate(_parsed(policy))
        ]
        self._sets: dict[str, cedarpy.PolicySet] = {}
        self._visible: OrderedDict[str, dict[str, bool]] = OrderedDict()

    def decide(
        self, claims: Mapping[str, Any], tool: str, schema: Mapping[str, Any], arguments: Mapping[str, Any]
    ) -> Decision:
        """Say whether the caller with these claims may call the tool (`target___tool`) with these arguments.

        `schema` is the tool's input schema, which the arguments satisfy.
        """
        try:
            request = self._request(claims, tool) | {"context": context(schema, arguments, self._clock())}
            result = cedarpy.is_authorized(request, self._set(tool), self._entities(claims, tool))
        except (CedarError, ValueError, OverflowError, RecursionError) as error:
            logger.warning("a call of %s is denied: it cannot be evaluated: %s", tool, type(error).__name__)
            return Decision(allowed=False, reason=NOT_EVALUATED)
        if result.diagnostics.errors or result.decision is cedarpy.Decision.NoDecision:
            # The errors name policies and attributes, never a value.
            logger.warning("a call of %s is denied: %s", tool, "; ".join(result.diagnostics.errors))
            return Decision(allowed=False, reason=NOT_EVALUATED)
        if result.allowed:
            return Decision(allowed=True)
        determining = sorted({reason.partition("/")[0] for reason in result.diagnostics.reasons})
        named = f"Policy evaluation denied due to {', '.join(determining)}" if determining else NO_POLICY
        return Decision(allowed=False, reason=named)

    def may_call(self, claims: Mapping[str, Any], tool: str) -> bool:
        """Say whether a call of the tool could be allowed with some arguments."""
        return tool in self.visible(claims, (tool,))

    def visible(self, claims: Mapping[str, Any], tools: Collection[str]) -> frozenset[str]:
        """Return those of the tools that the caller could call with some arguments."""
        key = json.dumps(claims, sort_keys=True, default=str)
        known = self._visible.setdefault(key, {})
        self._visible.move_to_end(key)
        if len(self._visible) > _REMEMBERED_CALLERS:
            self._visible.popitem(last=False)
        for tool in tools:
            if tool not in known:
                known[tool] = self._possible(claims, tool)
        return frozenset(tool for tool in tools if known[tool])

    def _possible(self, claims: Mapping[str, Any], tool: str) -> bool:
        try:
            request = self._request(claims, tool)
            named = {name: f"{uid['type']}::{quoted(uid['id'])}" for name, uid in request.items()}
            result = cedarpy.is_authorized_partial(named, self._set(tool), self._entities(claims, tool))
        except (CedarError, ValueError, RecursionError) as error:
            logger.warning("%s is hidden: it cannot be evaluated: %s", tool, type(error).__name__)
            return False
        if result.diagnostics.errors:
            return False
        # Without a decision something depends on the context; nothing that could does after an error of the input.
        return result.allowed or (
            result.decision is cedarpy.Decision.NoDecision and bool(result.diagnostics.nontrivial_residuals)
        )

    def _request(self, claims: Mapping[str, Any], tool: str) -> dict[str, Any]:
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise CedarError("the token names no subject")
        return {
            "principal": {"type": "AgentCore::OAuthUser", "id": subject},
            "action": {"type": "AgentCore::Action", "id": tool},
            "resource": {"type": "AgentCore::Gateway", "id": self._gateway_arn},
        }

    def _entities(self, claims: Mapping[str, Any], tool: str) -> list[dict[str, Any]]:
        request = self._request(claims, tool)
        groups = [{"type": "AgentCore::Action", "id": name} for name in _groups(tool)]
        principal = {
            "uid": request["principal"],
            "attrs": {"id": claims["sub"]},
            "parents": [],
            "tags": tags(claims),
        }
        return [
            principal,
            {"uid": request["action"], "attrs": {}, "parents": groups},
            {"uid": request["resource"], "attrs": {}, "parents": []},
        ]

    def _set(self, tool: str) -> cedarpy.PolicySet:
        """The policies whose action can be this tool's: a few, where an engine may hold a thousand."""
        if tool not in self._sets:
            names = {tool, *_groups(tool)}
            chosen = {
                f"{policy_id}/{number}": parsed
                for policy_id, number, parsed in self._policies
                if _concerns(parsed["action"], names)
            }
            document = {"templates": {}, "templateLinks": [], "staticPolicies": chosen}
            self._sets[tool] = cedarpy.PolicySet.from_json_str(json.dumps(document))
        return self._sets[tool]


def _parsed(policy: PolicyRecord) -> tuple[Mapping[str, Any], ...]:
    try:
        return cedar_policies(policy.statement)
    except CedarError as error:
        raise CedarError(f"policy {policy.policy_id}: {error}") from error


def _groups(tool: str) -> tuple[str, ...]:
    return (tool.split(TOOL_SEPARATOR, 1)[0], *_GROUPS)


def _concerns(action: Mapping[str, Any], names: set[str]) -> bool:
    """Say whether an action scope of Cedar's JSON form covers one of these actions."""
    if action["op"] == "All":
        return True
    entities = action["entities"] if "entities" in action else [action["entity"]]
    return any(entity["id"] in names for entity in entities)
