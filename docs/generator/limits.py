"""The page of what the local run does not prove, from the emulator's own list."""

from __future__ import annotations

from docs.generator.markdown import page, table
from local.emulator.limits import LIMITS


def limits_page() -> str:
    """Each gap between the emulated AWS and AWS, and where the answer comes from instead."""
    return page(
        "What the local run does not prove",
        "The local run deploys the real templates with the real CDK CLI, checks tokens and permissions as the "
        "templates say, and runs the real functions. What follows only AWS itself, or another check, can show.",
        table(
            ("about", "what a local run leaves open", "checked by"),
            ((limit.subject, limit.not_proved, limit.checked) for limit in LIMITS),
        ),
    )
