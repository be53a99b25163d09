"""The command-line client of the conversational agents (R16)."""
