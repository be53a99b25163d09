"""How long prod takes to synthesize, over an empty app that imports the same modules; policy packs apart."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory

from tests.bench.measure import medians, process_seconds, show

EMPTY = "import app; app.App(context=app.feature_flags()).synth()"
WITHOUT_PACKS = """
import app
made = app.App(context=app.feature_flags())
app.add_stacks(made, app.load_settings("prod"))
made.synth()
"""
WITH_PACKS = "import app; app.main()"


def run(rounds: int = 5) -> None:
    """Print the ratio, whose goal is at most 2, and what the packs add."""

    def seconds(code: str) -> float:
        with TemporaryDirectory() as outdir:
            context = {"CDK_OUTDIR": outdir, "CDK_CONTEXT_JSON": '{"env": "prod"}'}
            return process_seconds(code, environment=os.environ | context)

    seconds(WITHOUT_PACKS)  # fills the cache of bundles, as a second synthesis finds it
    found = medians(
        {
            "empty": lambda: seconds(EMPTY),
            "without packs": lambda: seconds(WITHOUT_PACKS),
            "with packs": lambda: seconds(WITH_PACKS),
        },
        rounds=rounds,
    )
    show("prod without policy packs", found["without packs"], "empty app", found["empty"])
    show("prod with policy packs", found["with packs"], "empty app", found["empty"])
    share = (found["with packs"] - found["without packs"]) / found["with packs"]
    print(f"  share of the policy packs: {share:.0%}", flush=True)
