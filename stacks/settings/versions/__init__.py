"""Versions of tool servers: published schemas, what may change within a major, and majors served side by side (R11)."""

from stacks.settings.versions.served import ServedMajor
from stacks.settings.versions.serving import Serving, lost_servers, serve

__all__ = ["ServedMajor", "Serving", "lost_servers", "serve"]
