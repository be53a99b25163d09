"""Who may do what, and what it costs (R12); the one role that reads policies and the bill."""
