"""The audit store: what a record holds, how it gets there, how long it stays and how it is asked (R8)."""
