"""Models, agents' gateways and machine learning (R12)."""
