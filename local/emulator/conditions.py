"""Template conditions whose operands are functions: ministack compares the unevaluated text of most of them.

The bootstrap template of the CDK asks whether a list parameter is empty with Fn::Join; unevaluated, the role that
deploys every stack ends up without a policy
(docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services.cloudformation import engine

from local.emulator.patching import replace

_LOGICAL = ("Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals")


def install() -> None:
    """Evaluate the operands of conditions from now on."""
    original = engine._evaluate_conditions

    def evaluate_conditions(template: Mapping[str, Any], parameters: Mapping[str, Any]) -> Any:
        mappings = template.get("Mappings", {})
        evaluated = {
            name: _with_literals(condition, parameters, mappings)
            for name, condition in template.get("Conditions", {}).items()
        }
        return original({**template, "Conditions": evaluated}, parameters)

    replace(original, evaluate_conditions)


def _with_literals(node: Any, parameters: Mapping[str, Any], mappings: Mapping[str, Any]) -> Any:
    """The condition with its operands evaluated and its logic left alone."""
    if not isinstance(node, Mapping):
        return node
    name, value = next(iter(node.items()), ("", None))
    if name in _LOGICAL and isinstance(value, list):
        return {name: [_with_literals(item, parameters, mappings) for item in value]}
    if name == "Condition":
        return node
    return engine._resolve_refs(node, {}, parameters, {}, mappings, "", "")
