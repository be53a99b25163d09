"""Who a call is for, as the gateway's interceptor established it from the caller's token (requirement R7)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from toolkit.errors import ToolError

_REQUIRED = {"tenant_id": "x-tenant-id", "organization_id": "x-org-id", "client_id": "x-client-id"}
_TEXTS = ("agent_id", "agent_type", "agent_version", "environment")


@dataclass(frozen=True)
class TenantContext:
    """The tenant, the calling agent and the ids of one request; a tool gets it by annotating a parameter with it.

    Attributes:
        tenant_id: From X-Tenant-ID.
        organization_id: From X-Org-ID.
        client_id: The agent's OAuth client, from X-Client-ID.
        request_id: From X-Request-ID; the gateway's own id of the call when the header is absent.
        correlation_id: From X-Correlation-ID; the request id when the header is absent.
        agent_id: The calling agent, `<tenant>/<agent>`, from X-User-Context like all that follows; empty without it.
        agent_type: What kind of agent it is.
        agent_version: Its version.
        groups: Its groups: the platform's by name, its tenant's as `<tenant>/<group>`.
        environment: The environment of the platform.
        user_context: All of X-User-Context; empty when the header is absent.
    """

    tenant_id: str
    organization_id: str
    client_id: str
    request_id: str
    correlation_id: str
    agent_id: str = ""
    agent_type: str = ""
    agent_version: str = ""
    groups: tuple[str, ...] = ()
    environment: str = ""
    user_context: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], *, request_id: str, correlation_id: str) -> Self:
        """Build the context from propagated headers.

        Args:
            headers: Header names in lower case to values.
            request_id: The id of this call.
            correlation_id: The id that ties this call to others.

        Raises:
            ToolError: A required header is missing or empty, or X-User-Context is not a JSON object with members of
                these types.
        """
        missing = [header for header in _REQUIRED.values() if not headers.get(header)]
        if missing:
            raise ToolError(
                f"this tool works for a tenant only, and the call carries no {', '.join(missing)}: "
                "the gateway must propagate these headers to its target",
                code="missing_tenant_context",
            )
        context = _user_context(headers.get("x-user-context", ""))
        return cls(
            **{attribute: headers[header] for attribute, header in _REQUIRED.items()},
            request_id=request_id,
            correlation_id=correlation_id,
            **{name: context.get(name, "") for name in _TEXTS},
            groups=tuple(context.get("groups", ())),
            user_context=context,
        )


def _user_context(text: str) -> Mapping[str, Any]:
    if not text:
        return MappingProxyType({})
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ToolError("the header x-user-context is not a JSON object", code="bad_tenant_context")
    groups = value.get("groups", [])
    wrong = [name for name in _TEXTS if not isinstance(value.get(name, ""), str)]
    wrong += [] if isinstance(groups, list) and all(isinstance(group, str) for group in groups) else ["groups"]
    if wrong:
        raise ToolError(
            f"the header x-user-context has {', '.join(wrong)} of another type: agents are described by texts, and "
            "groups by a list of them",
            code="bad_tenant_context",
        )
    return MappingProxyType(value)
