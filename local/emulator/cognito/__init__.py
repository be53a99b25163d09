"""What ministack's Cognito lacks: a client's two secrets, and the host names at which AWS serves tokens."""
