"""What AgentCore takes as a rate limit's values (R10).

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-rate-limits.html
"""

from __future__ import annotations

EVERY_OTHER = "*"
"""The value of the default entry: each other tenant, agent or tool has this much for itself
(https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-rate-limits-dimensions.html)."""

LARGEST_RATE = 10_000_000
"""Requests within a period."""

MOST_ENTRIES = 1_000
"""Entries of one limit, which AWS does not raise."""
