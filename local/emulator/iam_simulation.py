"""SimulatePrincipalPolicy with context entries and several resources, which ministack leaves out.

docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from ministack.core import iam_evaluator
from ministack.services import iam

from local.emulator.patching import replace
from local.emulator.settings import ACCOUNT, REGION

_DECISIONS = {"Allow": "allowed", "Deny": "explicitDeny"}


def install() -> None:
    """Simulate a role's policies from now on; other principals are simulated as before."""
    original = iam._simulate_principal_policy

    def simulate_principal_policy(request: Mapping[str, Any]) -> Any:
        principal = iam._p(request, "PolicySourceArn")
        name = principal.rpartition("/")[2]
        if ":role/" not in principal or name not in iam._roles:
            return original(request)
        results = "".join(_result(name, *asked, _entries(request)) for asked in _asked(request))
        return iam._xml(
            200,
            "SimulatePrincipalPolicyResponse",
            f"<SimulatePrincipalPolicyResult><EvaluationResults>{results}</EvaluationResults>"
            "<IsTruncated>false</IsTruncated></SimulatePrincipalPolicyResult>",
            ns="iam",
        )

    replace(original, simulate_principal_policy)


def _asked(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every action with every resource."""
    resources = _list(request, "ResourceArns") or ["*"]
    return ((action, resource) for action in _list(request, "ActionNames") for resource in resources)


def _list(request: Mapping[str, Any], name: str) -> list[str]:
    found: list[str] = []
    while value := iam._p(request, f"{name}.member.{len(found) + 1}"):
        found.append(value)
    return found


def _entries(request: Mapping[str, Any]) -> dict[str, Any]:
    """The context of the simulated request: one value, or a list, by the key in lower case."""
    entries: dict[str, Any] = {}
    number = 1
    while key := iam._p(request, f"ContextEntries.member.{number}.ContextKeyName"):
        values = _list(request, f"ContextEntries.member.{number}.ContextKeyValues")
        several = iam._p(request, f"ContextEntries.member.{number}.ContextKeyType").endswith("List")
        entries[key.lower()] = values if several else values[0]
        number += 1
    return entries


def _result(role: str, action: str, resource: str, entries: Mapping[str, Any]) -> str:
    context = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/simulation",
        principal_type="AssumedRole",
        principal_account=ACCOUNT,
        action=action,
        resource_arn=resource,
        region=entries.get("aws:requestedregion", REGION),
        service_context=dict(entries),
    )
    policies = iam_evaluator._gather_role_policies(role, ACCOUNT)
    decision = _DECISIONS.get(iam_evaluator.evaluate(context, policies).decision, "implicitDeny")
    return (
        f"<member><EvalActionName>{escape(action)}</EvalActionName><EvalResourceName>{escape(resource)}"
        f"</EvalResourceName><EvalDecision>{decision}</EvalDecision></member>"
    )
