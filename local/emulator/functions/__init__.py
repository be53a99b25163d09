"""How Lambda functions run on this machine: the worker process, and what reaches the handler."""
