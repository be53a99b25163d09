"""Calls the self-check of every tool of a new version before CodeDeploy gives it traffic (R11)."""
