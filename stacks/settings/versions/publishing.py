"""Publishes what tool servers offer: `versions/<server>/<version>.json`, which no one changes afterwards (R11)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from stacks.settings.loader import Settings, SettingsError, available_environments, load_settings
from stacks.settings.versions.bumps import Bump, parse
from stacks.settings.versions.changes import needed_bump
from stacks.settings.versions.compatibility import changes
from stacks.settings.versions.published import FOLDER, Published, file_of, published_versions
from stacks.settings.versions.served import ServedMajor, major_of
from stacks.settings.versions.serving import folder_of, listed


class RefusalError(Exception):
    """Nothing was written; each line of the message is a sentence with the way out."""


def publish(servers: Sequence[str], *, root: Path) -> list[Path]:
    """Publish every served major whose version is not published yet, of all environments together.

    Args:
        servers: the tool servers to publish; all when empty.
        root: the project's folder.

    Returns:
        The files written; those that are there already stay as they are.

    Raises:
        RefusalError: a version is published with other content, or lower than what changed asks for.
        SettingsError: the settings cannot be used, or the code breaks callers of its major.
    """
    majors = list(_chosen(every_environment(root), servers))
    if refusals := [sentence for major in majors for sentence in _refusals(major, root)]:
        raise RefusalError("\n".join(dict.fromkeys(refusals)))
    versions = [Published.of(major.declared) for major in majors]
    missing = {file_of(version, root=root): version for version in versions if not file_of(version, root=root).exists()}
    for file, version in missing.items():
        write_whole(file, version.text())
    return list(missing)


def every_environment(root: Path) -> list[Settings]:
    """The settings of every environment of the project.

    Raises:
        SettingsError: with the mistakes of all of them.
    """
    found, mistakes = [], []
    for name in available_environments(root / "config"):
        try:
            found.append(load_settings(name, root=root))
        except SettingsError as error:
            mistakes += error.mistakes
    if mistakes:
        raise SettingsError(list(dict.fromkeys(mistakes)))
    return found


def check_known(server: str, environments: Iterable[Settings]) -> None:
    """Refuse a server that no environment has.

    Raises:
        RefusalError: there is none of that name.
    """
    known = sorted({name for settings in environments for name in settings.served_majors})
    if server not in known:
        wrong = f"there is no tool server {server!r} in config/" if server else "SERVER= is missing"
        raise RefusalError(f"{wrong}: use one of {', '.join(known)}")


def write_whole(file: Path, text: str) -> None:
    """Write a file as a whole or not at all; the folder is made if need be."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".") as staging:
        made = Path(staging) / file.name
        made.write_text(text, encoding="utf-8")
        made.replace(file)


def _chosen(environments: Sequence[Settings], servers: Sequence[str]) -> Iterator[ServedMajor]:
    for server in servers:
        check_known(server, environments)
    for settings in environments:
        for server, majors in settings.served_majors.items():
            if server in servers or not servers:
                yield from majors


def _refusals(major: ServedMajor, root: Path) -> Iterator[str]:
    """Why the version that the code has cannot be published as it is; breaking changes are refused before."""
    now = Published.of(major.declared)
    published = published_versions(now.server, root=root)
    same = [version for version in published if major_of(version.version) == major.major]
    if not same:
        return
    newest = same[-1]
    found = changes(newest, now)
    needed = needed_bump(found)
    if now.version == newest.version and needed is None:
        return
    least = (needed or Bump.PATCH).after(newest.version)
    if needed and parse(now.version) < parse(least):
        yield (
            f"{folder_of(major)}: {now.server} {now.version} differs from the published {newest.version} "
            f"({listed(found)}): that is a {needed.word} change: set version {least} and run make publish again, or "
            f"undo it; {FOLDER}/{now.server}/{newest.version}.json stays as it is"
        )
