"""The command-line client of the conversational agents (R16): the command `foundation`.

It speaks to an agent's service over its function URL, signed with the caller's AWS credentials. It is a
distribution of its own and imports nothing of the kit.
"""

__version__ = "0.1.0"
