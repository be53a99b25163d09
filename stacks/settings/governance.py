"""Who is let in and what is shown: `access`, `waf`, `audit` and `classification` of `config/<environment>.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from foundation.waf_rules import RULES, unknown_rules
from stacks.settings.base import SettingsModel
from stacks.settings.suggestions import did_you_mean

RedactionRules = Annotated[tuple[Literal["secrets", "personal"], ...], Field(strict=False)]
"""What is taken out of answers: `secrets` (keys, tokens, passwords), `personal` (addresses, phone and card numbers)."""


class AccessSettings(SettingsModel):
    """How the gateway uses its Cedar policies (R9)."""

    mode: Literal["enforce", "log-only"] = "enforce"
    """`enforce` refuses what no policy permits; `log-only` records the decision and lets the call through, only where
    `development` is true."""


class WafSettings(SettingsModel):
    """The web ACL in front of the gateway (R10)."""

    enabled: bool = True
    """Put it there. It costs per month and per million requests."""
    requests_per_5_minutes_per_ip: Annotated[int, Field(ge=10, le=2_000_000_000)] = 2000
    """Requests of one address within five minutes; AWS WAF takes 10 or more
    (https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html)."""
    counted_rules: tuple[Annotated[str, Field(min_length=1, max_length=128)], ...] = Field(
        default=("SizeRestrictions_BODY",), strict=False
    )
    """Rules of AWS's managed groups that only count instead of blocking, by their names. SizeRestrictions_BODY refuses
    bodies over 8 KB, for which `limits.body_bytes` is the kit's own measure."""

    @field_validator("counted_rules")
    @classmethod
    def _are_rules_of_aws(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := unknown_rules(value):
            hint = did_you_mean(unknown[0], sorted(set().union(*RULES.values())))
            raise ValueError(
                f"AWS's groups have no rule {unknown[0]!r}: {hint}take one of constructs/foundation/waf_rules.py"
            )
        return value


class AuditSettings(SettingsModel):
    """The audit store (R8)."""

    required: bool = False
    """Refuse a call that cannot be recorded, instead of an alarm alone."""
    retention_days: Annotated[int, Field(ge=1, le=36_500)] = 365
    """Days that nobody can change or delete a record, and after which it is deleted."""
    # The default must fit as well as what a file says.
    cold_after_days: Annotated[int, Field(ge=1, le=36_500)] | None = Field(default=90, validate_default=True)
    """Days after which records move to cold storage, from where reading them takes hours; never when `null`."""
    object_lock: Literal["governance", "compliance"] = "governance"
    """Who can shorten the retention: `governance` lets principals with a permission of their own, `compliance` nobody,
    the account's owner included (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html)."""

    @field_validator("cold_after_days")
    @classmethod
    def _before_the_end(cls, value: int | None, info: ValidationInfo) -> int | None:
        retention = info.data.get("retention_days")
        if value is not None and retention is not None and value >= retention:
            raise ValueError(f"is not before retention_days, {retention}: use fewer days, or null for never")
        return value


class RedactSettings(SettingsModel):
    """What is taken out of the answers of tools, by their classification."""

    public: RedactionRules = ()
    """Of tools whose answers anyone may see."""
    internal: RedactionRules = ("secrets",)
    """Of tools that say nothing of their classification."""
    confidential: RedactionRules = ("secrets", "personal")
    """Of tools whose answers are for those who need them."""
    restricted: RedactionRules = ("secrets", "personal")
    """Of tools whose answers would do harm elsewhere."""


class ClassificationSettings(SettingsModel):
    """What follows from the classification that a tool's declaration, or a target's settings, give it (R7)."""

    redact: RedactSettings = RedactSettings()
    """What is taken out of answers, by classification."""
