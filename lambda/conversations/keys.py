"""Keys. A partition key, of the table or the index, begins with the agent, which IAM holds its role to.

Sort keys sort as head, messages in their order, requests: a Query of the first two gives a conversation.
"""

from __future__ import annotations

SEPARATOR = "#"
"""Between tenant, agent and the rest of a partition key; no name of either has it."""

HEAD = "head"
MESSAGES = "message#"
REQUESTS = "request#"
AFTER_MESSAGES = "message$"
"""Sorts after every message and before every request."""
AFTER_REQUESTS = "request$"


def of_agent(tenant: str, agent: str) -> str:
    """What every partition key of an agent begins with: `<tenant>#<agent>#`.

    Raises:
        ValueError: The name of the tenant or the agent is empty, or has the separator in it.
    """
    for name in (tenant, agent):
        if not name or SEPARATOR in name:
            raise ValueError(f"{name!r} is no name of a tenant or agent")
    return f"{tenant}{SEPARATOR}{agent}{SEPARATOR}"


def agent_of(partition: str) -> str:
    """What of_agent() gave for the agent that a partition key belongs to."""
    tenant, agent, _ = partition.split(SEPARATOR, 2)
    return of_agent(tenant, agent)


def after_agent(partition: str) -> str:
    """The rest of a partition key: a conversation's id, or an owner."""
    return partition.split(SEPARATOR, 2)[2]


def message(sequence: int, part: int = 0) -> str:
    """The key of a part of a message."""
    return f"{MESSAGES}{sequence:08d}#{part:04d}"


def request(request_id: str) -> str:
    """The key of what is known of a request that was answered."""
    return f"{REQUESTS}{request_id}"


def place(key: str) -> tuple[int, int]:
    """Sequence and part of a message's key."""
    _, sequence, part = key.split("#")
    return int(sequence), int(part)
