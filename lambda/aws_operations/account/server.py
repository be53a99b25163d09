"""The tool server that the modules of this package add their tools to."""

from toolkit import ToolServer

server = ToolServer("aws-account", version="1.0.0")
