"""Who may call what, from the settings: Cedar, permissions, limits (R9, R10): `plan_access`."""
