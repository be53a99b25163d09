"""The app on other settings than the repository's, synthesized in this process without the policy packs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from aws_cdk import App

import app as application
from stacks.settings import load_settings
from tests.assemblies import ROOT
from tests.templates import Json

Change = Callable[[dict[str, Any]], None]


def copy_of_the_settings(folder: Path, *, of: Path = ROOT) -> Path:
    """A root whose `config/` can be changed, a copy of that below `of`; code and versions are the repository's."""
    folder.mkdir()
    shutil.copytree(of / "config", folder / "config")
    for name in ("lambda", "versions"):
        (folder / name).symlink_to(ROOT / name)
    return folder


def change(root: Path, tenant: str, what: Change) -> None:
    """Change what a tenant's file says."""
    file = root / "config" / "tenants" / f"{tenant}.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    what(content)
    file.write_text(yaml.safe_dump(content), encoding="utf-8")


def templates(root: Path, outdir: Path, environment: str = "dev") -> dict[str, Json]:
    """The templates of an environment by the stack's name."""
    app = App(context=application.feature_flags(), outdir=str(outdir))
    application.add_stacks(app, load_settings(environment, root=root))
    app.synth()
    return {
        file.name.removesuffix(".template.json"): json.loads(file.read_text(encoding="utf-8"))
        for file in outdir.glob("*.template.json")
    }
