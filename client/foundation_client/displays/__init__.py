"""The ways to show an answer while it comes: terminal, plain text, JSON."""
