"""Compiled packages of an archive, as this machine needs them.

An archive for AgentCore Runtime holds packages that are compiled for its processor and Python
(docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-get-started-code-deploy.html). The project's environment
has the same packages in the same versions, compiled for this machine: they are laid over those of the archive. All else
of the archive runs as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path


def lay_over(code: Path, host_packages: Path, overlay: Path) -> None:
    """Link into `overlay` what of `host_packages` (a site-packages folder) replaces compiled packages of `code`.

    A compiled package that is not there in the archive's version stays as it is: the archive may be for this machine.
    """
    overlay.mkdir(exist_ok=True)
    here = {_identity(found): found for found in _distributions(host_packages)}
    for needed in _distributions(code):
        found = here.get(_identity(needed))
        if found is not None and not _is_pure(needed):
            for name in _top_level(found):
                (overlay / name).symlink_to(host_packages / name)


def _distributions(folder: Path) -> Iterator[Distribution]:
    for information in folder.glob("*.dist-info"):
        yield PathDistribution(information)


def _identity(found: Distribution) -> tuple[str, str]:
    """Name and version; names are compared as PyPI compares them."""
    return re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(), found.version


def _is_pure(found: Distribution) -> bool:
    """Whether a wheel says that it holds nothing compiled (packaging.python.org, binary distribution format)."""
    return "Root-Is-Purelib: true" in (found.read_text("WHEEL") or "")


def _top_level(found: Distribution) -> set[str]:
    """The files and folders of a distribution beside its information, its scripts left out."""
    names = {file.parts[0] for file in found.files or ()}
    return {name for name in names if name not in ("..", "__pycache__")}
