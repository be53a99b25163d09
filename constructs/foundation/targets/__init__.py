"""Targets of a gateway: one module a kind, and how the gateway proves to them who it is (R6)."""
