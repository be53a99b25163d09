"""What runs in an account and how it is set up: machines, buckets, functions, stacks, clusters (R12)."""
