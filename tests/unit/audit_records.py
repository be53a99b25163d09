"""Audit records for tests, complete and valid; a test changes what it is about."""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]


def record(phase: str = "request", **changed: Any) -> Record:
    """A record of a call of acme-corp's; a dictionary changes members of the group of its name."""
    made: Record = {
        "version": "1.1",
        "event_type": "mcp_request",
        "phase": phase,
        "timestamp": "2026-11-25T10:00:00.000Z",
        "request_id": "request-1",
        "correlation_id": "correlation-1",
        "environment": "dev",
        "outcome": "allowed",
        "reason": "",
        "client_context": {
            "agent_id": "acme-corp/finance-agent",
            "tenant_id": "acme-corp",
            "organization_id": "org-finance-division",
            "client_id": "client-1",
            "user_id": None,
            "client_ip": None,
            "on_behalf_of": None,
        },
        "mcp_context": {
            "server_name": "aws-operations-v1",
            "method": "tools/call",
            "resource_accessed": "aws-operations-v1___get_time",
            "data_classification": "internal",
            "arguments": {"timezone": 5},
        },
        "security_context": {
            "token_issued_at": "2026-11-25T09:55:00Z",
            "token_expires_at": "2026-11-25T10:55:00Z",
            "scopes": ["aws-operations/read"],
            "permissions_validated": True,
        },
        "response_context": {
            "status_code": None if phase == "request" else 200,
            "response_size_bytes": None if phase == "request" else 2048,
            "processing_time_ms": None if phase == "request" else 150,
            "records_returned": None,
        },
    }
    for name, value in changed.items():
        made[name] = {**made[name], **value} if isinstance(value, dict) else value
    return made
