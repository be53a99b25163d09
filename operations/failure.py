"""The one way in which an operation fails: with a sentence."""

from __future__ import annotations


class OperationError(Exception):
    """The operation was not done, or not wholly; the message says what was, why, and the way out."""
