"""The Lambda entry point. Importing it also gives `server` with every tool declared, for schemas and roles."""

from aws_operations.data.server import server

__all__ = ["handler", "server"]

server.discover("aws_operations.data")
handler = server.handler
