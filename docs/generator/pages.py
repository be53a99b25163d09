"""Which pages there are."""

from __future__ import annotations

from pathlib import Path

from docs.generator.access import access_page
from docs.generator.agent_service import agent_service_page
from docs.generator.audit import audit_page
from docs.generator.configuration import configuration_page
from docs.generator.cost import cost_page
from docs.generator.limits import limits_page
from docs.generator.outputs import outputs_page
from docs.generator.permissions import permissions_page
from docs.generator.tools import tools_page

FOLDER = Path(__file__).parents[1] / "reference"
ENVIRONMENT = "prod"
"""The environment whose templates are read for the outputs: it has every stack, and what others have is the same."""


def pages(assembly: Path) -> dict[str, str]:
    """The text of every page of docs/reference by file name.

    Args:
        assembly: what a synthesis of `ENVIRONMENT` wrote.
    """
    return {
        "access.md": access_page(),
        "agent-service.md": agent_service_page(),
        "configuration.md": configuration_page(),
        "tools.md": tools_page(),
        "permissions.md": permissions_page(),
        "outputs.md": outputs_page(assembly, environment=ENVIRONMENT),
        "audit.md": audit_page(),
        "cluster-cost.md": cost_page(),
        "local-run-limits.md": limits_page(),
    }
