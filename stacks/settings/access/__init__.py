"""Who may call what, from the settings: Cedar, permissions, limits (R9, R10)."""

from stacks.settings.access.group_policies import Sources
from stacks.settings.access.plan import AccessPlan, RateLimit
from stacks.settings.access.planning import plan_access

__all__ = ["AccessPlan", "RateLimit", "Sources", "plan_access"]
