"""The environment variables that are the client's own; AWS's keep their meaning."""

ENVIRONMENT = "FOUNDATION_ENV"
AGENT = "FOUNDATION_AGENT"
URL = "FOUNDATION_URL"
STATE = "FOUNDATION_STATE"
"""The state folder of the platform on this machine."""
