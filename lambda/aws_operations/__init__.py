"""Read-only AWS operations for agents (R12), one sub-package a tool server.

The servers are split by what their roles may read: an agent that lists queues has no way to the bill or to log events.
A module is a family of operations of one service; adding a tool is adding a module beside the others.
"""
