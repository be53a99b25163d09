"""Proof that the AWS tools' roles have exactly the IAM actions that the tools need (R12, R28)."""
