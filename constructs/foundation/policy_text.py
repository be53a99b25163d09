"""A Cedar policy as text, before the gateway that it is for has an ARN (R9)."""

from __future__ import annotations

from dataclasses import dataclass

GATEWAY_PLACEHOLDER = 'AgentCore::Gateway::"gateway"'
"""What stands in a statement where the gateway goes, whose ARN only a deployment knows.

A statement that names actions has to name its gateway:
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-scope.html
"""

STATEMENT_CHARACTERS = 10_000
"""Longest statement that AgentCore takes
(https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CedarPolicy.html)."""

GATEWAY_ARN_CHARACTERS = 130
"""Room for an ARN in place of the placeholder's `gateway`: `arn:aws:bedrock-agentcore:<region>:<account>:gateway/` and
an id of 48 characters, a hyphen and ten more
(https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_GetGateway.html)."""


@dataclass(frozen=True, kw_only=True)
class PolicyText:
    """One policy of the gateway's policy engine.

    Attributes:
        name: its name there, `[A-Za-z][A-Za-z0-9_]*`, 48 characters at most.
        statement: one Cedar statement; `GATEWAY_PLACEHOLDER` stands where the gateway goes.
        description: who it is for, for whoever meets it in the console.
    """

    name: str
    statement: str
    description: str

    def for_gateway(self, arn: str) -> str:
        """The statement for the gateway with this ARN, which may be a token of CDK."""
        return self.statement.replace(GATEWAY_PLACEHOLDER, f'AgentCore::Gateway::"{arn}"')
