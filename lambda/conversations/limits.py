"""How large and how long things may be."""

from __future__ import annotations

from dataclasses import dataclass

DAY_SECONDS = 86_400


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a store; the defaults are the kit's.

    Attributes:
        request_bytes: longest message of a user, as JSON. It is stored in the transaction that begins the turn.
        message_bytes: longest other message, such as a tool's answer, as JSON.
        messages: most messages of a conversation.
        lease_seconds: how long a turn is its writer's without a checkpoint.
        checkpoint_seconds: least time between two checkpoints of a turn.
        tombstone_seconds: how long the id of a deleted conversation stays taken, so that a late retry of the request
            that began it does not begin it again.
    """

    request_bytes: int = 1024 * 1024
    message_bytes: int = 5 * 1024 * 1024
    messages: int = 10_000
    lease_seconds: float = 30.0
    checkpoint_seconds: float = 2.0
    tombstone_seconds: int = DAY_SECONDS


@dataclass(frozen=True, kw_only=True)
class Retention:
    """When items expire, in whole seconds.

    A conversation expires `seconds` after its last use. Its messages carry a `ttl` half as long again, so that they are
    written anew every `seconds / 2` at most instead of with every turn (docs/decisions/conversations.md).
    """

    seconds: int

    def conversation(self, now: float) -> int:
        """When a conversation expires that is used now."""
        return int(now) + self.seconds

    def items(self, now: float) -> int:
        """When an item expires that is written now; never before its conversation."""
        return int(now) + self.seconds + self.seconds // 2
