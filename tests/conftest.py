"""What all tests share: the synthesis of every environment starts as soon as it is known that a test needs one."""

import signal

import pytest

from foundation.node import prefer_bundled_node
from tests.assemblies import ENVIRONMENTS, ROOT, start

prefer_bundled_node()

# A shell lets its background jobs ignore Ctrl-C, and their children inherit that; some tests interrupt theirs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

READ_TEMPLATES = (ROOT / "tests" / "synth", ROOT / "tests" / "snapshots")
"""Folders whose tests read the templates of the environments."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Synthesize in the background, beside the tests that need no template."""
    if any(item.path.is_relative_to(folder) for item in session.items for folder in READ_TEMPLATES):
        start(*ENVIRONMENTS)
