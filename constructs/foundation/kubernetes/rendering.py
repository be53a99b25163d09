"""Manifests as files that kubectl, kustomize and Argo CD take as they are."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from foundation.kubernetes.plans import Manifest

FOLDER = "manifests"
"""Folder of all files, beside the templates."""
KUSTOMIZATION = "kustomization.yaml"


def write_manifests(folder: Path, manifests: Mapping[str, Sequence[Manifest]], *, made_by: str) -> list[Path]:
    """Write `<folder>/manifests/<group>/NN-<kind>-<name>.yaml`, one object a file, and a kustomization over all.

    Numbers put the files into the order in which kubectl has to apply them. What was there before is replaced as a
    whole: after a failure the former files are all still there, and no file stays of what is no more.

    Args:
        folder: where the templates are.
        manifests: objects in order, by group: a tenant, or the cluster.
        made_by: the command that makes the files again, for their headers.

    Returns:
        The files, in order.
    """
    texts = dict(_files(manifests, made_by))
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / FOLDER
    if not texts:
        shutil.rmtree(target, ignore_errors=True)
        return []
    with tempfile.TemporaryDirectory(dir=folder, prefix=".manifests-") as workplace:
        new, old = Path(workplace) / "new", Path(workplace) / "old"
        new.mkdir()
        for name, text in texts.items():
            file = new / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        _replace(target, new, old)
    return [target / name for name in texts]


def _replace(target: Path, new: Path, old: Path) -> None:
    """Put `new` in the place of `target`, or leave `target` as it was."""
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _files(manifests: Mapping[str, Sequence[Manifest]], made_by: str) -> list[tuple[str, str]]:
    header = f"# Made by `{made_by}` from the settings in config/. Changes here are lost with the next synthesis.\n"
    files = [
        (f"{group}/{number:0{_digits(objects)}}-{_file_name(manifest)}", header + document(manifest))
        for group, objects in manifests.items()
        for number, manifest in enumerate(objects)
    ]
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "sortOptions": {"order": "fifo"},
        "resources": [name for name, _ in files],
    }
    return [*files, (KUSTOMIZATION, header + document(kustomization))] if files else []


def _digits(objects: Sequence[Manifest]) -> int:
    """Of the numbers in a group: names have to sort as numbers do."""
    return max(2, len(str(len(objects) - 1)))


def _file_name(manifest: Manifest) -> str:
    return f"{manifest['kind'].lower()}-{manifest['metadata']['name']}.yaml"


def document(manifest: Manifest) -> str:
    """A manifest as YAML, keys in the order in which they were made."""
    return yaml.dump(manifest, Dumper=_Plain, sort_keys=False, width=120)


class _Plain(yaml.SafeDumper):
    """YAML without aliases, which kubectl reads and people do not."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - for all data alike
        return True
