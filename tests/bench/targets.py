"""How long a gateway with a hundred targets and a thousand tools takes to synthesize, over one with a single target."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory

from tests.bench.measure import medians, process_seconds, show

CODE = """
import app  # finds Node
from tests.synth.gateway_at_scale import app_with_flags, gateway_stack
made = app_with_flags()
gateway_stack(made, targets={targets}, tools=10)
made.synth()
"""


def run(rounds: int = 3) -> None:
    """Print the ratio."""

    def seconds(targets: int) -> float:
        with TemporaryDirectory() as outdir:
            return process_seconds(CODE.format(targets=targets), environment=os.environ | {"CDK_OUTDIR": outdir})

    found = medians({"one": lambda: seconds(1), "hundred": lambda: seconds(100)}, rounds=rounds)
    show("100 targets, 1,000 tools", found["hundred"], "1 target, 10 tools", found["one"])
