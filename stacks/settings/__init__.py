"""Typed, validated settings of one environment: `load_settings("dev")`."""

from stacks.settings.environment import (
    MOST_ZONES,
    ChecksSettings,
    DataSettings,
    EnvironmentSettings,
    GatewaySettings,
    IdentitySettings,
    NetworkSettings,
    ProtectionSettings,
    ToolServerSettings,
)
from stacks.settings.loader import Settings, SettingsError, available_environments, load_settings
from stacks.settings.tenant import AgentSettings, TenantSettings
from stacks.settings.versions import ServedMajor

__all__ = [
    "MOST_ZONES",
    "AgentSettings",
    "ChecksSettings",
    "DataSettings",
    "EnvironmentSettings",
    "GatewaySettings",
    "IdentitySettings",
    "NetworkSettings",
    "ProtectionSettings",
    "ServedMajor",
    "Settings",
    "SettingsError",
    "TenantSettings",
    "ToolServerSettings",
    "available_environments",
    "load_settings",
]
