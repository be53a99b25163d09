"""How much a tenant, an agent or a tool may take of a gateway in a minute (R10).

They smooth load and protect targets. They are no security boundary: where AgentCore cannot count, it lets a call pass
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-rate-limits-enforcement.html#gateway-rate-limits-enforcement-fail-open).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from aws_cdk import aws_bedrockagentcore as agentcore
from constructs import Construct, IDependable

from foundation.rate_limit_values import EVERY_OTHER, LARGEST_RATE, MOST_ENTRIES


class RateLimit(Protocol):
    """One limit: requests a minute for each value of a dimension."""

    @property
    def name(self) -> str:
        """Its id, which a throttled caller is told: 2 to 64 letters, digits, `-`, `_` or `.`."""

    @property
    def dimension(self) -> str:
        """What is counted by, such as `$.context.jwt.tenant_id` or `toolName`."""

    @property
    def entries(self) -> Mapping[str, int]:
        """Requests a minute by the dimension's value, one of them `EVERY_OTHER`; 0 blocks."""

    @property
    def description(self) -> str:
        """What it is for."""


def add_rate_limits(
    scope: Construct, limits: Sequence[RateLimit], *, gateway_id: str, after: Sequence[IDependable]
) -> list[agentcore.CfnGatewayRateLimit]:
    """Put limits on a gateway, one after the other: AgentCore takes no change while another one is under way.

    Args:
        scope: the construct that holds the gateway.
        limits: one for each dimension; AgentCore refuses two with the same.
        gateway_id: the gateway.
        after: what is made on the gateway before them.

    Raises:
        ValueError: AgentCore would refuse a limit, or one has no entry for every other.
    """
    _check(limits)
    made: list[agentcore.CfnGatewayRateLimit] = []
    for limit in limits:
        resource = agentcore.CfnGatewayRateLimit(
            scope,
            f"RateLimit-{limit.name}",
            gateway_identifier=gateway_id,
            rate_limit_id=limit.name,
            description=limit.description,
            dimension_keys=[limit.dimension],
            entries=[
                {"dimensions": {limit.dimension: value}, "requests": [{"rate": rate, "period": "minute"}]}
                for value, rate in sorted(limit.entries.items(), key=lambda entry: (entry[0] == EVERY_OTHER, entry[0]))
            ],
        )
        resource.node.add_dependency(*after, *made[-1:])
        made.append(resource)
    return made


def _check(limits: Sequence[RateLimit]) -> None:
    dimensions = [limit.dimension for limit in limits]
    if twice := sorted({dimension for dimension in dimensions if dimensions.count(dimension) > 1}):
        raise ValueError(
            f"Two rate limits count by {', '.join(twice)}; AgentCore takes one: put their entries together."
        )
    for limit in limits:
        if EVERY_OTHER not in limit.entries:
            raise ValueError(
                f"The rate limit {limit.name} says nothing of those without an entry: add {EVERY_OTHER!r}."
            )
        if len(limit.entries) > MOST_ENTRIES:
            raise ValueError(
                f"The rate limit {limit.name} has {len(limit.entries)} entries and AgentCore takes {MOST_ENTRIES}: let "
                f"more values have that of {EVERY_OTHER!r}."
            )
        for value, rate in limit.entries.items():
            if not 0 <= rate <= LARGEST_RATE:
                raise ValueError(
                    f"The rate limit {limit.name} gives {value} {rate}; take 0 to {LARGEST_RATE} a minute."
                )
