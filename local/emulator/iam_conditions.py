"""Conditions of IAM that ministack gets wrong, or that mean something else on the loopback.

docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam

from local.emulator.patching import replace


def install() -> None:
    """Correct them from now on."""
    _principal_arn_is_the_role()
    _loopback_is_secure()
    _variables_have_values()


def _principal_arn_is_the_role() -> None:
    """Give aws:PrincipalArn of a role's session the role's ARN; ministack gives the session's."""
    original = iam_evaluator._resolve_condition_key

    def resolve_condition_key(key: str, context: Any) -> Any:
        value = original(key, context)
        if key.lower() != "aws:principalarn" or ":assumed-role/" not in str(value):
            return value
        role = iam._roles.get(iam_evaluator._role_name_from_assumed_arn(value))
        return value if role is None else role["Arn"]

    replace(original, resolve_condition_key)


def _loopback_is_secure() -> None:
    """Count every request as one over TLS for aws:SecureTransport.

    The AWS API of the local run speaks plain HTTP to this machine only, so what the key guards against, being read
    on the way, cannot happen. Without this the bootstrap bucket, whose policy denies insecure transport, would take
    no asset.
    """
    original = iam_evaluator.pin_request_origin

    def pin_request_origin(source_ip: str, _: bool) -> None:
        original(source_ip, True)

    replace(original, pin_request_origin)


_VARIABLE = re.compile(r"\$\{([^},]+)(?:,\s*'([^']*)')?\}")
_LITERALS = frozenset("*?$")


def _variables_have_values() -> None:
    """Put values in the place of policy variables, which ministack compares as they are written.

    A statement with a variable that has neither a value nor a default does not match
    (docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).
    """
    original = iam_evaluator._conditions_met

    def conditions_met(conditions: Mapping[str, Any], context: Any) -> bool:
        filled: dict[str, dict[str, list[str]]] = {}
        for operator, keys in conditions.items():
            filled[operator] = {}
            for key, expected in keys.items():
                values = [_filled(str(value), context) for value in _listed(expected)]
                if None in values:
                    return False
                filled[operator][key] = [value for value in values if value is not None]
        return bool(original(filled, context))

    replace(original, conditions_met)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _filled(text: str, context: Any) -> str | None:
    """The text with the values of its variables, None when one has none."""
    found: list[str | None] = []

    def value(match: re.Match[str]) -> str:
        name, default = match.group(1).strip(), match.group(2)
        known = name if name in _LITERALS else iam_evaluator._resolve_condition_key(name, context)
        found.append(default if known is None else str(known))
        return found[-1] or ""

    filled = _VARIABLE.sub(value, text)
    return None if None in found else filled
