"""The page of what the local run does not prove, from the local gateway's list and the emulator's."""

from __future__ import annotations

from docs.generator.markdown import page, table
from local.emulator import limits as emulator
from local.gateway import limits as gateway


def limits_page() -> str:
    """Each gap between the local run and AWS, and where the answer comes from instead."""
    return page(
        "What the local run does not prove",
        "The local run deploys the real templates with the real CDK CLI, checks tokens and permissions as the "
        "templates say, and runs the real functions. What follows only AWS itself, or another check, can show.",
        table(
            ("about", "what a local run leaves open", "checked by"),
            ((limit.subject, limit.not_proved, limit.checked) for limit in (*gateway.LIMITS, *emulator.LIMITS)),
        ),
    )
