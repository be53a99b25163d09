"""Read-only AWS operations for agents (requirement R12)."""
