"""`make setup` runs it: fetches what functions' bundles take from a registry, so that a synthesis needs no network."""

from __future__ import annotations

import sys
from pathlib import Path

from foundation.bundle import fetch_ahead
from foundation.wheels import BundleError

SOURCE_ROOT = Path(__file__).parents[2] / "lambda"
RUNS_ON_RUNTIME = "main.py"
"""Marks a server for AgentCore Runtime: its archive is fetched when settings name it, not with every checkout."""


def main() -> None:
    """Fetch for every package with dependencies; end with a sentence when a wheel cannot be had."""
    try:
        for requirements in sorted(SOURCE_ROOT.rglob("requirements.txt")):
            if not requirements.with_name(RUNS_ON_RUNTIME).exists():
                fetch_ahead(SOURCE_ROOT, (".".join(requirements.parent.relative_to(SOURCE_ROOT).parts),))
    except BundleError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
