"""How the check before a release learns what to call: it asks the new version itself (R11).

The question is a member of the client context, which a gateway makes itself, so that no caller of a tool can ask it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.invocation import LambdaContext
from toolkit.spec import ServerSpec

QUESTION = "foundationSelfChecks"
"""The member of the client context's custom map, true in the question."""

CHECKS = "selfChecks"
"""The member of the answer: for each tool the arguments of a call that succeeds wherever the tool is deployed."""


def asked(context: LambdaContext) -> bool:
    """Whether the call asks for the server's self-checks instead of calling a tool."""
    custom: Mapping[str, Any] = getattr(context.client_context, "custom", None) or {}
    return custom.get(QUESTION) is True


def answer(spec: ServerSpec) -> dict[str, Any]:
    """The self-check of every tool of a server."""
    return {CHECKS: {tool.name: dict(tool.self_check) for tool in spec.tools}}
