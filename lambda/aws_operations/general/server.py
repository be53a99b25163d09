"""The tool server that the modules of this package add their tools to."""

from toolkit import ToolServer

server = ToolServer("aws-operations", version="1.0.0")
