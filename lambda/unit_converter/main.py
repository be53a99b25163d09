"""Serves the tools as AgentCore Runtime asks for: MCP over HTTP on port 8000 under /mcp, without sessions.

https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-mcp.html
"""

from mcp.server.mcpserver import MCPServer

from unit_converter.units import Unit, convert

server = MCPServer("unit-converter", version="1.0.0")


@server.tool()
def convert_units(value: float, source: Unit, target: Unit) -> dict[str, float | str]:
    """Convert a length or a mass.

    Args:
        value: How much.
        source: Unit of the value: m, km, mile, foot, kg, lb.
        target: Unit of the answer, of the same quantity.
    """
    return {"value": convert(value, source, target), "unit": target}


def main() -> None:
    """Serve until the runtime ends the process; it reaches the server from outside of the loopback."""
    server.run(transport="streamable-http", host="0.0.0.0", port=8000, stateless_http=True)  # noqa: S104


if __name__ == "__main__":
    main()
