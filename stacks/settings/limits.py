"""How much may be called: the `limits` section of `config/<environment>.yaml` (R10).

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-rate-limits.html
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from foundation.rate_limit_values import LARGEST_RATE
from stacks.settings.base import SettingsModel
from stacks.settings.groups import ToolName

RequestsPerMinute = Annotated[int, Field(ge=1, le=LARGEST_RATE)]
"""Calls within a minute. AgentCore takes up to 10,000,000; its 0 blocks, for which `suspended` is the better word."""


class LimitSettings(SettingsModel):
    """Limits of calls and of what is in a call (R10).

    The gateway counts approximately and lets calls through when it cannot count, so that these protect what is behind
    it and are no boundary of security.
    """

    tenant_requests_per_minute: RequestsPerMinute = 600
    """Calls of all agents of a tenant together, unless its file says otherwise."""
    agent_requests_per_minute: RequestsPerMinute = 300
    """Calls of one agent, unless its tenant's file says otherwise."""
    tool_requests_per_minute: RequestsPerMinute = 3000
    """Calls of one tool by all tenants together, unless `tools` says otherwise."""
    tools: dict[ToolName, RequestsPerMinute] = {}
    """Calls of a tool, by `<server>/<tool>`, or of each tool of a server, by `<server>/*`; the tool's own name decides
    before its server's."""
    body_bytes: Annotated[int, Field(ge=1024, le=6_000_000)] = 1_000_000
    """Longest body of a request; AgentCore takes 6 MB."""
    depth: Annotated[int, Field(ge=4, le=128)] = 32
    """Deepest nesting of a request's JSON."""
