"""The customer's keys that AgentCore's resources name."""

from __future__ import annotations

from ministack.services import kms

from local.emulator.agentcore.errors import invalid


def check_key(key_arn: str) -> None:
    """Raise ValidationException for a key that does not exist or cannot be used."""
    key = kms._keys.get(key_arn.rpartition("/")[2])
    if key is None or key.get("KeyState", "Enabled") != "Enabled":
        raise invalid(f"The KMS key {key_arn} does not exist or is not enabled")
