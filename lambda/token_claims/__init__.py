"""Cognito's pre-token trigger: what an access token says of its agent; a client nobody registered gets none (R3)."""
