"""Measuring: medians of interleaved runs, printed as ratios, which differ less between machines than seconds do."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]


def medians(tasks: Mapping[str, Callable[[], float]], *, rounds: int) -> dict[str, float]:
    """The median seconds of each task over `rounds`, taken in turn so that a busy moment hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            taken[name].append(task())
    return {name: median(seconds) for name, seconds in taken.items()}


def process_seconds(code: str, *, environment: Mapping[str, str] | None = None) -> float:
    """Wall seconds of a Python process in the checkout's root that runs `code`, its start included."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def process_output(code: str, *, environment: Mapping[str, str] | None = None) -> str:
    """What a Python process in the checkout's root prints that runs `code`."""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return run.stdout


def show(what: str, value: float, base: str, base_value: float, *, scale: float = 1, unit: str = "s") -> None:
    """Print one ratio with the two times that make it."""
    times = f"{value * scale:.2f} {unit} over {base_value * scale:.2f} {unit}"
    print(f"  {what} / {base}: {value / base_value:.2f}  ({times})", flush=True)
