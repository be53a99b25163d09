"""The Secrets Manager rotation function for the agents' Cognito client secrets (requirement R4)."""
