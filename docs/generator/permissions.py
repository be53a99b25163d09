"""The page of what each tool may do in AWS and why, from what the tools declare."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docs.generator.markdown import code, page, table
from docs.generator.tools import all_majors
from foundation.permissions import EVERYTHING, arn_patterns
from toolkit import OperationSpec, Permission, ToolSpec


def permissions_page() -> str:
    """Every IAM action of every tool, with its resources and the operations that need it."""
    parts = [
        "A server's role allows exactly these actions on exactly these resources, in the account and the regions that "
        "the settings let tools read. `tests/permissions` runs every operation as a role with its actions alone, and "
        "again without each of them; `tests/local/test_aws_tools.py` does it with the deployed roles."
    ]
    for served in all_majors():
        parts.append(f"## {served.server} {served.spec.version}")
        for tool in served.spec.tools:
            parts.append(f"### {code(tool.name)}")
            parts.append(
                table(("IAM action", "on", "because"), _rows(tool)) if tool.actions else "It calls nothing of AWS."
            )
    return page("Permissions of the tools", *parts)


def _rows(tool: ToolSpec) -> Iterator[tuple[str, str, str]]:
    needing = tool.operations or (OperationSpec(tool.name, tool.description, tool.actions),)
    for permission in tool.actions:
        reasons = (
            f"{code(operation.name)}: {operation.description}"
            for operation in needing
            if permission in operation.actions
        )
        yield code(permission.action), _resources(permission), "<br>".join(reasons)


def _resources(permission: Permission) -> str:
    patterns = arn_patterns(permission, declared_by="docs")
    if patterns == EVERYTHING:
        return "everything: the action names no resource"
    return "<br>".join(code(re.sub(r"\$\{(?!Partition|Region|Account)\w+\}", "*", pattern)) for pattern in patterns)
