"""Typed, validated settings of one environment: `load_settings("dev")`."""

from stacks.settings.access.plan import AccessPlan, RateLimit
from stacks.settings.agent_service import AgentServiceSettings
from stacks.settings.conversation import ConversationSettings
from stacks.settings.environment import (
    MOST_ZONES,
    ChecksSettings,
    DataSettings,
    EnvironmentSettings,
    GatewaySettings,
    NetworkSettings,
    ProtectionSettings,
    ToolServerSettings,
)
from stacks.settings.governance import AccessSettings, AuditSettings, ClassificationSettings, WafSettings
from stacks.settings.groups import GroupSettings, PlatformGroups, ToolGrant
from stacks.settings.identity import ClaimNames, CognitoProvider, IdentitySettings, OidcProvider
from stacks.settings.limits import LimitSettings
from stacks.settings.loader import Settings, SettingsError, available_environments, load_settings
from stacks.settings.models import GuardrailSettings, ModelSettings
from stacks.settings.quotas import QuotaSettings
from stacks.settings.tenant import AgentSettings, CallLimits, TenantSettings
from stacks.settings.versions import ServedMajor
from stacks.settings.workload import ReplicaSettings, WorkloadSettings

__all__ = [
    "MOST_ZONES",
    "AccessPlan",
    "AccessSettings",
    "AgentServiceSettings",
    "AgentSettings",
    "AuditSettings",
    "CallLimits",
    "ChecksSettings",
    "ClaimNames",
    "ClassificationSettings",
    "CognitoProvider",
    "ConversationSettings",
    "DataSettings",
    "EnvironmentSettings",
    "GatewaySettings",
    "GroupSettings",
    "GuardrailSettings",
    "IdentitySettings",
    "LimitSettings",
    "ModelSettings",
    "NetworkSettings",
    "OidcProvider",
    "PlatformGroups",
    "ProtectionSettings",
    "QuotaSettings",
    "RateLimit",
    "ReplicaSettings",
    "ServedMajor",
    "Settings",
    "SettingsError",
    "TenantSettings",
    "ToolGrant",
    "ToolServerSettings",
    "WafSettings",
    "WorkloadSettings",
    "available_environments",
    "load_settings",
]
