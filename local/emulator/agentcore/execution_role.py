"""Lets the local gateway take on a gateway's role, as the AgentCore service does on AWS.

The gateway process asks with the account's own credentials. It gets the role's when a gateway has this role and the
role's trust policy, conditions included, lets the service assume it for that gateway.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ministack.core import iam_evaluator

from local.emulator import authorization
from local.emulator.patching import replace
from local.emulator.settings import ACCOUNT

SERVICE = "bedrock-agentcore.amazonaws.com"


def install(gateways_with_role: Callable[[str], Sequence[str]]) -> None:
    """`gateways_with_role` gives the ARNs of the gateways that have a role."""
    original = iam_evaluator.evaluate_trust_policy

    def evaluate_trust_policy(document: Any, caller: str, context: Any = None) -> bool:
        if original(document, caller, context):
            return True
        if context is None or context.action != "sts:AssumeRole" or caller != f"arn:aws:iam::{ACCOUNT}:root":
            return False
        role = context.resource_arn
        return any(authorization.role_trusts(role, SERVICE, source_arn=arn) for arn in gateways_with_role(role))

    replace(original, evaluate_trust_policy)
