"""The settings of an agent that people talk to (R15, R16)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stacks.settings.base import SettingsModel, Slug, each_once, text

Caller = Annotated[
    str,
    text(
        r"^(role|user)/[\w+=,.@-]{1,64}$",
        wanted="role/<name> or user/<name>, without a path, like role/finance-team",
    ),
]
"""An IAM role or user of the environment's account."""


class ConversationSettings(SettingsModel):
    """Who talks to an agent, and the model that it answers with."""

    callers: Annotated[tuple[Caller, ...], Field(min_length=1, max_length=50, strict=False), each_once("caller")]
    """IAM roles and users of the environment's account that may talk to it, by name. IAM has to let them as well: the
    kit makes a policy to attach to them."""
    model: Slug = "default"
    """Which of the environment's `models` it uses."""
