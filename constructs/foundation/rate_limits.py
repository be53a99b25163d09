"""How much a tenant, an agent or a tool may take of a gateway in a minute (R10).

They smooth load and protect targets. They are no security boundary: where AgentCore cannot count, it lets a call pass
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-rate-limits-enforcement.html#gateway-rate-limits-enforcement-fail-open).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import aws_bedrockagentcore as agentcore
from constructs import Construct, IDependable

EVERY_OTHER = "*"
"""The value of the default entry: each other tenant, agent or tool has this much for itself
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-rate-limits-dimensions.html)."""

LARGEST_RATE = 10_000_000
MOST_ENTRIES = 1_000
"""Of one limit (https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-rate-limits.html)."""


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """One limit: requests a minute for each value of a dimension.

    Attributes:
        name: its id, which a throttled caller is told: 2 to 64 letters, digits, `-`, `_` or `.`.
        dimension: what is counted by, such as `$.context.jwt.tenant_id` or `toolName`.
        default: requests a minute for each value without an entry of its own.
        entries: requests a minute for those that differ; 0 blocks.
        description: what it is for.
    """

    name: str
    dimension: str
    default: int
    description: str
    entries: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what AgentCore refuses.

        Raises:
            ValueError: there are too many entries, or a rate is out of range.
        """
        if len(self.entries) + 1 > MOST_ENTRIES:
            raise ValueError(
                f"The rate limit {self.name} would have {len(self.entries)} entries beside its default and AgentCore "
                f"takes {MOST_ENTRIES} in all: let more of them have the default."
            )
        for value, rate in {EVERY_OTHER: self.default, **self.entries}.items():
            if not 0 <= rate <= LARGEST_RATE:
                raise ValueError(f"The rate limit {self.name} gives {value} {rate}; take 0 to {LARGEST_RATE} a minute.")


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
        ValueError: two limits have the same dimension.
    """
    dimensions = [limit.dimension for limit in limits]
    if twice := sorted({dimension for dimension in dimensions if dimensions.count(dimension) > 1}):
        raise ValueError(
            f"Two rate limits count by {', '.join(twice)}; AgentCore takes one: put their entries together."
        )
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
                for value, rate in {**dict(sorted(limit.entries.items())), EVERY_OTHER: limit.default}.items()
            ],
        )
        resource.node.add_dependency(*after, *made[-1:])
        made.append(resource)
    return made
