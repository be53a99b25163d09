"""What the outside reaches: DNS, APIs, mail (R12)."""
