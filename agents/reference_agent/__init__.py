"""A small agent for production: one pod of it answers questions with the tools of its tenant (R17)."""
