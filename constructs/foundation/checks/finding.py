"""What a rule of ours finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One breach of a rule."""

    rule: str
    logical_id: str
    location: str
    """The property at fault, as a dotted path."""
    message: str
    """What is wrong and the way out."""
