"""The Lambda entry point. Importing it also gives `server` with every tool declared, for schemas and roles."""

from aws_operations.edge.server import server

__all__ = ["handler", "server"]

server.discover("aws_operations.edge")
handler = server.handler
