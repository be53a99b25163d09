"""The Kubernetes objects that a stack applies, recorded: there is no API server that would act on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

Manifest = Mapping[str, Any]
Key = tuple[str, str, str, str]
"""API version, kind, namespace (empty outside of one) and name."""

_BUILT_IN_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


class KubectlError(ValueError):
    """kubectl, or the API server behind it, would refuse; the text says why."""


class ObjectRecord:
    """The objects of each cluster, also as a file `<folder>/<cluster>.json` for whoever wants to look."""

    def __init__(self, folder: Path, namespaces: Callable[[str], Iterable[str]] = lambda _: ()) -> None:
        """Keep the files in `folder`, which need not exist; `namespaces` tells those that a cluster's add-ons made."""
        self._folder, self._namespaces = folder, namespaces
        self._clusters: dict[str, dict[Key, Manifest]] = {}

    def create(self, cluster: str, manifest: str, *, overwrite: bool) -> None:
        """Record what `manifest`, a JSON list, holds. Raises KubectlError, also for an object that exists already."""
        objects = self._read(cluster, manifest)
        known = self._clusters.get(cluster, {})
        if existing := [key for key in objects if key in known and not overwrite]:
            raise KubectlError(f"AlreadyExists: {_shown(existing[0])} exists in cluster {cluster}")
        self._write(cluster, {**known, **objects})

    def apply(self, cluster: str, manifest: str, *, before: str, prune: bool) -> None:
        """Record the new state of a manifest; with `prune`, what it no longer has goes. Raises KubectlError."""
        objects = self._read(cluster, manifest)
        gone = {_key(one) for one in _parsed(before)} - objects.keys() if prune else set()
        kept = {key: one for key, one in self._clusters.get(cluster, {}).items() if key not in gone}
        self._write(cluster, {**kept, **objects})

    def delete(self, cluster: str, manifest: str) -> None:
        """Forget the objects of a manifest; a namespace takes with it what is inside."""
        gone = {_key(one) for one in _parsed(manifest)}
        namespaces = {key[3] for key in gone if key[1] == "Namespace"}
        kept = {
            key: one
            for key, one in self._clusters.get(cluster, {}).items()
            if key not in gone and key[2] not in namespaces
        }
        self._write(cluster, kept)

    def _read(self, cluster: str, manifest: str) -> dict[Key, Manifest]:
        """The objects of a manifest in its order, each in a namespace that exists by then."""
        known = {key[3] for key in self._clusters.get(cluster, {}) if key[1] == "Namespace"}
        known.update(_BUILT_IN_NAMESPACES, self._namespaces(cluster))
        objects: dict[Key, Manifest] = {}
        for one in _parsed(manifest):
            key = _key(one)
            if key[1] == "Namespace":
                known.add(key[3])
            if key[2] and key[2] not in known:
                raise KubectlError(f"NotFound: namespaces {key[2]!r} not found in cluster {cluster}, for {_shown(key)}")
            objects[key] = one
        return objects

    def _write(self, cluster: str, objects: dict[Key, Manifest]) -> None:
        self._clusters[cluster] = objects
        self._folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(list(objects.values()), indent=2)
        (self._folder / f"{cluster}.json").write_text(text, encoding="utf-8")


def _parsed(manifest: str) -> Iterable[Manifest]:
    try:
        objects = json.loads(manifest)
    except json.JSONDecodeError as error:
        raise KubectlError(f"the manifest is no JSON: {error}") from None
    if not isinstance(objects, list) or not all(isinstance(one, dict) for one in objects):
        raise KubectlError("the manifest is no list of objects")
    return objects


def _key(one: Manifest) -> Key:
    metadata = one.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    wanted = {"apiVersion": one.get("apiVersion"), "kind": one.get("kind"), "metadata.name": named.get("name")}
    if missing := [name for name, value in wanted.items() if not isinstance(value, str) or not value]:
        raise KubectlError(f"an object of the manifest has no {' and no '.join(missing)}")
    return (str(one["apiVersion"]), str(one["kind"]), str(named.get("namespace", "")), str(named["name"]))


def _shown(key: Key) -> str:
    return f"{key[1]} {'/'.join(part for part in key[2:] if part)}"
