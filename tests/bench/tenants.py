"""What each tenant adds to a synthesis: environments with a hundred and with a thousand tenants, over one with one."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory

from tests.bench.measure import ROOT, process_output

CODE = """
import app  # finds Node
from pathlib import Path
from tests.synth.tenants_at_scale import synthesize, with_tenants
folder = Path({folder!r})
times = synthesize(with_tenants(folder / "root", {count}), folder / "out")
print(times.settings, times.constructs, times.templates)
"""


def run(counts: tuple[int, ...] = (1, 100, 1000)) -> None:
    """Print the seconds of each part, and the milliseconds that a tenant adds."""
    least: list[float] = []
    for count in counts:
        with TemporaryDirectory() as folder:
            printed = process_output(CODE.format(folder=folder, count=count), environment=os.environ | _paths())
        parts = [float(part) for part in printed.split()]
        least = least or parts
        added = (sum(parts) - sum(least)) / max(count - counts[0], 1) * 1000
        names = ("settings", "constructs", "templates")
        spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in zip(names, parts, strict=True))
        each = f"; {added:.0f} ms per tenant" if count > counts[0] else ""
        print(f"  {count} tenants: {sum(parts):.1f} s ({spent}){each}", flush=True)


def _paths() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in (".", "constructs", "lambda"))}
