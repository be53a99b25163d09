"""What AgentCore's analysis finds about a policy among those of its engine.

docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-validation-overview.html ("Semantic validation"): a policy
is overly permissive when with it every request for a principal type, action and gateway is allowed, overly restrictive
when every one is denied, and ineffective when it decides about none. AWS reasons about conditions with a solver. Here a
condition is followed through its logic and what the schema settles (an argument that the tool does not have, a tag of
an IAM entity); any other test may come out either way, so that nothing is found that AWS would not find.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.emulator.agentcore.cedar_schema import EVERY_TOOL, OAUTH_USER, TOOL_SEPARATOR, Tool, input_type
from local.emulator.agentcore.policy_statements import Statement

Verdict = bool | None
"""Whether something holds for every request (True), for none (False), or for some as far as is known (None)."""

_FUTURE = "Any Future Tools"
_ANY_GATEWAY = "gateway/*"
_CONTEXT: Mapping[str, Any] = {"Var": "context"}
_INPUT: Mapping[str, Any] = {".": {"left": _CONTEXT, "attr": "input"}}


@dataclass(frozen=True, kw_only=True)
class _Requests:
    """All requests of one principal type for one action on one gateway; `arguments` by name, True when required."""

    principal: str
    action: str
    groups: tuple[str, ...]
    gateway_arn: str | None
    arguments: Mapping[str, bool]


def findings(
    statement: Statement, others: Sequence[Statement], gateways: Mapping[str, Mapping[str, Iterable[Tool]]]
) -> list[str]:
    """What is found about `statement` when it joins `others`, in AWS's words.

    Args:
        statement: the policy that is created or changed.
        others: the other policies of its engine that are in force.
        gateways: the tools by target of the gateways that it is about, by ARN.
    """
    found = []
    effective = False
    for requests in _covered(statement, gateways):
        own = _applies(statement, requests)
        effective = effective or own is not False
        if statement.effect == "permit" and own is True and _allowed(requests, others) is True:
            found.append(_sentence("Overly Permissive: Policy Engine will allow", requests))
        if statement.effect == "forbid" and own is not False and _denied(requests, [statement, *others]):
            found.append(_sentence("Overly Restrictive: Policy Engine will deny", requests))
    if not effective:
        decides = "allow" if statement.effect == "permit" else "deny"
        found.append(f"Ineffective: the policy does not {decides} any request")
    return found


def _covered(statement: Statement, gateways: Mapping[str, Mapping[str, Iterable[Tool]]]) -> Iterator[_Requests]:
    """The requests that the statement's scope is about."""
    for principal in statement.principals:
        for arn, targets in gateways.items():
            for target, tools in targets.items():
                for tool in tools:
                    name = f"{target}{TOOL_SEPARATOR}{tool['name']}"
                    groups = (name, target, *EVERY_TOOL)
                    attributes = input_type(tool)["attributes"]
                    arguments = {argument: bool(kind["required"]) for argument, kind in attributes.items()}
                    if statement.actions is None or set(groups) & set(statement.actions):
                        yield _Requests(
                            principal=principal, action=name, groups=groups, gateway_arn=arn, arguments=arguments
                        )
        if statement.actions is None:
            yield _Requests(
                principal=principal,
                action=_FUTURE,
                groups=EVERY_TOOL,
                gateway_arn=statement.gateway_arn,
                arguments={},
            )


def _allowed(requests: _Requests, others: Sequence[Statement]) -> bool:
    """Whether nothing forbids any of the requests."""
    return all(_applies(other, requests) is False for other in others if other.effect == "forbid")


def _denied(requests: _Requests, policies: Sequence[Statement]) -> bool:
    """Whether every one of the requests is forbidden, or none is permitted."""
    if any(_applies(policy, requests) is True for policy in policies if policy.effect == "forbid"):
        return True
    return all(_applies(policy, requests) is False for policy in policies if policy.effect == "permit")


def _applies(statement: Statement, requests: _Requests) -> Verdict:
    if requests.principal not in statement.principals:
        return False
    if statement.gateway_arn is not None and statement.gateway_arn != requests.gateway_arn:
        return False
    if statement.actions is not None and not set(requests.groups) & set(statement.actions):
        return False
    verdict: Verdict = True if statement.any_principal else None
    for condition in statement.conditions:
        outcome = _outcome(condition["body"], requests)
        verdict = _both(verdict, outcome if condition["kind"] == "when" else _opposite(outcome))
    return verdict


def _outcome(expression: Any, requests: _Requests) -> Verdict:
    operator, operand = next(iter(expression.items()))
    verdict: Verdict = None
    match operator:
        case "Value" if isinstance(operand, bool):
            verdict = operand
        case "&&":
            verdict = _both(_outcome(operand["left"], requests), _outcome(operand["right"], requests))
        case "||":
            left, right = _outcome(operand["left"], requests), _outcome(operand["right"], requests)
            verdict = _opposite(_both(_opposite(left), _opposite(right)))
        case "!":
            verdict = _opposite(_outcome(operand["arg"], requests))
        case "hasTag" if operand["left"] == {"Var": "principal"} and requests.principal != OAUTH_USER:
            verdict = False
        case "is" if operand["left"] == {"Var": "principal"}:
            verdict = operand["entity_type"] == requests.principal
        case "==" | "!=" | "in" if operand["left"] == {"Var": "action"}:
            verdict = _about_action(operator, operand["right"], requests)
        case "has" if operand["left"] == _CONTEXT:
            verdict = operand["attr"] in ("input", "system")
        case "has" if operand["left"] == _INPUT and requests.action != _FUTURE:
            verdict = _given(requests.arguments.get(operand["attr"]))
    return verdict


def _about_action(operator: str, named: Mapping[str, Any], requests: _Requests) -> Verdict:
    """Whether the requests' action is, is not, or is in the named one."""
    entity = named["Value"].get("__entity", {}).get("id") if isinstance(named.get("Value"), Mapping) else None
    if entity is None:
        return None
    if operator == "in":
        return entity in requests.groups
    return (entity == requests.action) is (operator == "==")


def _given(required: bool | None) -> Verdict:
    """Whether requests have an argument that the tool requires, takes, or (None) does not take."""
    if required is None:
        return False
    return True if required else None


def _both(one: Verdict, other: Verdict) -> Verdict:
    if one is False or other is False:
        return False
    return True if one is True and other is True else None


def _opposite(verdict: Verdict) -> Verdict:
    return None if verdict is None else not verdict


def _sentence(beginning: str, requests: _Requests) -> str:
    return (
        f"{beginning} every request for the specified principal ({requests.principal}), action ({requests.action}) "
        f"and resource ({requests.gateway_arn or _ANY_GATEWAY}) combination if the policy is added or updated"
    )
