"""An example of an MCP server on AgentCore Runtime: it converts units."""
