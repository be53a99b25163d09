"""The one way in which a local run fails: with a sentence."""

from __future__ import annotations


class LocalRunError(Exception):
    """Something went wrong that a person can do something about; the message says what, where and the way out."""
