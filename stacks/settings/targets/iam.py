"""Whether a permission that settings give the gateway's role exists and names what it can name (R28)."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from policy_sentry.shared.iam_data import get_service_prefix_data


def resource_mistake(action: str, resources: Sequence[str]) -> str | None:
    """What is wrong with allowing `action` on `resources`, by the service authorization reference; None if nothing.

    Args:
        action: like `execute-api:Invoke`.
        resources: ARNs, or `*`.
    """
    service, _, name = action.partition(":")
    data = get_service_prefix_data(service) or {}
    privileges = data.get("privileges", {})
    if name not in privileges:
        near = get_close_matches(name, privileges, n=1)
        hint = f"did you mean {service}:{near[0]}?" if near else "look it up in the service authorization reference"
        return f"{action!r} is no IAM action: {hint}"
    kinds = sorted(filter(None, privileges[name]["resource_types"]))
    if kinds and "*" in resources:
        patterns = " or ".join(data["resources"][kind]["arn"] for kind in kinds)
        return f"{action!r} can name its resources, and '*' is all of them: write ARNs like {patterns}"
    if not kinds and tuple(resources) != ("*",):
        return f"{action!r} knows no resources: write ['*']"
    return None
