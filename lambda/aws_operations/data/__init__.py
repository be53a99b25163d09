"""Where data is kept and passed on: databases, tables, queues, topics (R12); the one role that reads table items."""
