"""The settings of one tenant, `config/tenants/<tenant>.yaml` (R19)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stacks.settings.base import RoleArn, SettingsModel, Slug, text

Scope = Annotated[
    str,
    text(
        r"^[a-z][a-z0-9-]*/(read|write)$",
        wanted="a tool server's name with /read or /write, like aws-operations/read",
    ),
]
"""`<tool server>/read` or `<tool server>/write`."""


class AgentSettings(SettingsModel):
    """One agent: a confidential client with a rotated secret (R2, R4)."""

    type: Slug
    """What kind of agent it is, for claims and reports."""
    scopes: tuple[Scope, ...] = Field(min_length=1, max_length=50, strict=False)
    """Scopes its tokens may carry; Cognito allows 50 per client."""
    principals: dict[Slug, Annotated[tuple[RoleArn, ...], Field(strict=False)]] = {}
    """Per environment, roles made outside this kit that may read the agent's secret. Roles that the kit's own
    stacks make are granted there."""


class TenantSettings(SettingsModel):
    """One tenant and its agents."""

    tenant: Slug
    """Its identifier; the file is named after it."""
    organization: Slug
    """The part of the company it belongs to, for claims and reports."""
    environments: tuple[Slug, ...] | None = Field(default=None, strict=False)
    """Environments it exists in; all when left out."""
    agents: dict[Slug, AgentSettings] = Field(min_length=1)
    """Its agents by name."""
