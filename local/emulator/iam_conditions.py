"""Condition keys of IAM whose values ministack gets wrong, or that mean something else on the loopback.

docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam

from local.emulator.patching import replace


def install() -> None:
    """Correct the keys from now on."""
    _principal_arn_is_the_role()
    _loopback_is_secure()


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
