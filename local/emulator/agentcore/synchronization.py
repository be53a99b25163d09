"""Synchronization of MCP server targets: AgentCore asks the server for its tools, with the gateway's credentials.

docs.aws.amazon.com/bedrock-agentcore/latest/devguide/gateway-target-MCPservers.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.emulator.agentcore.collection import Record
from local.emulator.agentcore.errors import ApiError
from local.emulator.agentcore.mcp_client import McpError, McpServer
from local.emulator.agentcore.outbound import Outbound, UnreachableError
from local.emulator.agentcore.outbound_credentials import GatewayCredentials
from local.emulator.agentcore.target_documents import check_tools


class SynchronizationError(Exception):
    """The server did not tell its tools; the sentence says why."""


class Synchronizer:
    """Lists the tools of MCP servers as the service does for a gateway."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    def list_tools(self, target: Record, gateway: Record) -> list[Mapping[str, Any]]:
        """The tools of a target's server. Raises SynchronizationError."""
        endpoint = target["targetConfiguration"]["mcp"]["mcpServer"]["endpoint"]
        credentials = GatewayCredentials(gateway)
        try:
            authorize = credentials.authorization(target["credentialProviderConfigurations"])
            tools = McpServer(self._outbound, endpoint, authorize).tools()
            check_tools(tools)
        except ClientError as error:
            raise SynchronizationError(f"The gateway gets no credentials for the target: {error}") from error
        except (BotoCoreError, McpError, UnreachableError) as error:
            raise SynchronizationError(f"Failed to connect and fetch tools from {endpoint}: {error}") from error
        except ApiError as error:
            raise SynchronizationError(error.message) from error
        return tools
