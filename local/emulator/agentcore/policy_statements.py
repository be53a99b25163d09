"""Cedar statements as CreatePolicy reads them, and what it refuses of one at once.

docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-scope.html ("Resource specificity requirements") and
…/example-policies-action-resource.html ("Requirements for the action and resource scope"): these hold in every
validation mode. What a schema or an analysis finds shows later, in the policy's status.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cedarpy

from local.emulator.agentcore.cedar_schema import GATEWAY, IAM_ENTITY, OAUTH_USER
from local.emulator.agentcore.errors import invalid

_PRINCIPALS = (OAUTH_USER, IAM_ENTITY)
_GATEWAY_ARN = re.compile(r"arn:aws[-a-z]*:bedrock-agentcore:[a-z0-9-]+:\d{12}:gateway/[0-9a-z-]+")
_PARSING = "When parsing the policy statement, "


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One Cedar policy.

    Attributes:
        effect: `permit` or `forbid`.
        principals: The principal types that its scope lets in.
        any_principal: Whether the scope lets every principal of these types in.
        actions: The actions and action groups that it names; None when its scope takes every action.
        gateway_arn: The gateway that it names; None when its scope takes every gateway.
        conditions: Its `when` and `unless` clauses in Cedar's JSON format.
    """

    text: str
    effect: str
    principals: tuple[str, ...]
    any_principal: bool
    actions: tuple[str, ...] | None
    gateway_arn: str | None
    conditions: Sequence[Mapping[str, Any]]


def text_of(definition: Mapping[str, Any]) -> str:
    """The statement in a policy's definition. Raises ValidationException for what is not written out."""
    if "policyGeneration" in definition:
        raise invalid("The local run generates no policies: give the statement itself")
    (inner,) = definition.values()
    return str(inner["statement"])


@lru_cache(maxsize=4096)
def parse(text: str) -> Statement:
    """Read one statement. Raises ValidationException."""
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError as error:
        raise invalid(f"{_PARSING}the following errors occurred: {error}") from error
    policies = list(parsed["staticPolicies"].values())
    if len(policies) != 1 or parsed["templates"]:
        raise invalid(f"{_PARSING}{len(policies)} policies were found: a policy is exactly one statement without slots")
    (policy,) = policies
    actions, gateway_arn = _actions(policy["action"]), _gateway(policy["resource"])
    if actions is not None and gateway_arn is None:
        raise invalid(
            f"{_PARSING}a constrained action scope was encountered, please constrain the resource to a specific "
            "AgentCore::Gateway resource when creating tool-specific policies."
        )
    principals, any_principal = _principals(policy["principal"])
    return Statement(
        text=text,
        effect=policy["effect"],
        principals=principals,
        any_principal=any_principal,
        actions=actions,
        gateway_arn=gateway_arn,
        conditions=tuple(policy["conditions"]),
    )


def _principals(scope: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    if scope["op"] == "All":
        return _PRINCIPALS, True
    named = scope.get("entity_type") or scope["entity"]["type"]
    return tuple(kind for kind in _PRINCIPALS if kind == named), scope["op"] == "is" and "in" not in scope


def _actions(scope: Mapping[str, Any]) -> tuple[str, ...] | None:
    if scope["op"] == "All":
        return None
    entities = scope["entities"] if "entities" in scope else [scope["entity"]]
    return tuple(entity["id"] for entity in entities)


def _gateway(scope: Mapping[str, Any]) -> str | None:
    if scope["op"] == "All":
        raise invalid(
            f"{_PARSING}a wildcard resource was detected. To avoid unexpected behavior changes, please constrain the "
            "resource either to a specific AgentCore::Gateway resource or to the AgentCore::Gateway resource type."
        )
    if scope["op"] != "==":
        return None
    entity = scope["entity"]
    if entity["type"] == GATEWAY and not _GATEWAY_ARN.fullmatch(entity["id"]):
        raise invalid(f"{_PARSING}an invalid resource was detected: {entity['id']} is not the ARN of a gateway")
    return str(entity["id"])
