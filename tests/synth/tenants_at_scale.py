"""An environment with as many tenants as asked for, for a test and a benchmark of what fits."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import yaml
from aws_cdk import App

import app as application
from stacks.settings import load_settings
from tests.synth.apps import copy_of_the_settings

AGENTS = 2
"""Agents of each tenant; a pool that AWS has not raised holds a thousand clients."""


@dataclass(frozen=True)
class Times:
    """Seconds that a synthesis took: reading settings, making constructs, writing templates."""

    settings: float
    constructs: float
    templates: float


def with_tenants(folder: Path, count: int) -> Path:
    """A root whose environment dev has `count` tenants, in the platform's groups."""
    root = copy_of_the_settings(folder)
    for file in (root / "config" / "tenants").glob("*.yaml"):
        file.unlink()
    groups = sorted(yaml.safe_load((root / "config" / "policies" / "groups.yaml").read_text())["groups"])
    scopes = [f"{server}/read" for server in yaml.safe_load((root / "config" / "dev.yaml").read_text())["tool_servers"]]
    for number in range(count):
        tenant = {
            "tenant": f"tenant-{number:04}",
            "organization": "org-example",
            "agents": {
                f"agent-{agent}": {"type": "assistant", "groups": groups, "scopes": scopes} for agent in range(AGENTS)
            },
            "budget_usd": 100,
        }
        (root / "config" / "tenants" / f"tenant-{number:04}.yaml").write_text(yaml.safe_dump(tenant), encoding="utf-8")
    dev = root / "config" / "dev.yaml"
    quotas = {"clients_per_pool": max(1000, count * AGENTS)}
    dev.write_text(yaml.safe_dump(yaml.safe_load(dev.read_text()) | {"quotas": quotas}), encoding="utf-8")
    return root


def synthesize(root: Path, outdir: Path) -> Times:
    """Write the templates of dev into `outdir`, without the policy packs."""
    start = time.perf_counter()
    settings = load_settings("dev", root=root)
    read = time.perf_counter()
    app = App(context=application.feature_flags(), outdir=str(outdir))
    application.add_stacks(app, settings)
    made = time.perf_counter()
    app.synth()
    return Times(read - start, made - read, time.perf_counter() - made)
