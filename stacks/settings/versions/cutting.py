"""Cuts a new major of a tool server: the present one becomes a package of its own, with an end (R11)."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from stacks.settings.versions.promises import LEAST_NOTICE, Promise, promises_file, read_promises
from stacks.settings.versions.published import Published, published_versions
from stacks.settings.versions.publishing import RefusalError, check_known, every_environment, write_whole
from stacks.settings.versions.relocation import copy_package, version_span
from stacks.settings.versions.served import ServedMajor
from stacks.settings.versions.serving import MOST_PREVIOUS, folder_of

_HEADER = """\
# Previous majors of {server}: where their code is, since when they are deprecated, and the last day that they are
# served in every environment. A day that stands here is a promise to callers: make it later, never earlier.
"""


@dataclass(frozen=True)
class Cut:
    """What was made.

    Attributes:
        package: the previous major's package, dotted.
        version: the current version now.
        file: where that is declared.
    """

    package: str
    version: str
    file: Path


def cut_major(server: str, *, ends: str, root: Path, today: date) -> Cut:
    """Copy the current major of `server` to a package of its own, promise its end, and begin the next major.

    Args:
        server: the tool server's name.
        ends: the last day of the present major, as 2027-06-30.
        root: the project's folder.
        today: the day from which the present major is deprecated.

    Raises:
        RefusalError: the date is none or too early, the code is not as published, or too many majors are served.
        SettingsError: the settings cannot be used.
    """
    current = _current(server, root)
    last_day = _last_day(ends, today)
    promises = read_promises(server, root=root)
    _check_room(current, promises, today)
    file, changed = _bumped(current, root)
    target = root / "lambda" / f"{server.replace('-', '_')}_v{current.major}"
    previous = ".".join([target.name, *current.package.split(".")[1:]])
    if target.exists():
        raise RefusalError(f"lambda/{target.name} is there already: remove it, if it is left from another try")
    promises = {current.major: Promise(deprecated=today, ends=last_day, package=previous), **promises}
    with tempfile.TemporaryDirectory(dir=root / "lambda", prefix=".") as staging:
        made = Path(staging) / target.name
        copy_package(current.package, source_root=root / "lambda", target=made)
        made.rename(target)
    write_whole(promises_file(server, root=root), _text(server, promises))
    write_whole(file, changed)
    return Cut(previous, f"{current.major + 1}.0.0", file)


def _last_day(ends: str, today: date) -> date:
    try:
        day = date.fromisoformat(ends)
    except ValueError:
        wrong = f"ENDS={ends!r} is no day" if ends else "ENDS= is missing, the last day of the present major"
        raise RefusalError(f"{wrong}: write it like {today + 2 * LEAST_NOTICE}") from None
    if day < today + LEAST_NOTICE:
        raise RefusalError(
            f"ENDS={ends} is {(day - today).days} days from now, and callers have {LEAST_NOTICE.days} at least: use "
            f"{today + LEAST_NOTICE} or later"
        )
    return day


def _current(server: str, root: Path) -> ServedMajor:
    """The current major, when its code is as it was published: what is copied must be what callers know."""
    environments = every_environment(root)
    check_known(server, environments)
    found = {
        settings.served_majors[server][0].package: settings.served_majors[server][0]
        for settings in environments
        if server in settings.served_majors
    }
    if len(found) > 1:
        raise RefusalError(
            f"config/: tool_servers.{server}.package is {' and '.join(sorted(found))}: make the environments agree"
        )
    (current,) = found.values()
    now = Published.of(current.declared)
    known = published_versions(server, root=root)
    majors = {int(published.version.partition(".")[0]) for published in known}
    if majors and current.major > max(majors):
        raise RefusalError(
            f"{folder_of(current)}: {server} {now.version} is a new major already, of which nothing is published: "
            f"change its code, and run make publish SERVER={server} when callers may rely on it"
        )
    if now not in known:
        raise RefusalError(
            f"{folder_of(current)}: {server} {now.version} is not published as it is: run make publish "
            f"SERVER={server} first, so that its callers keep what they know"
        )
    return current


def _check_room(current: ServedMajor, promises: dict[int, Promise], today: date) -> None:
    served = {major: promise for major, promise in promises.items() if promise.package or promise.ends >= today}
    if len(served) >= MOST_PREVIOUS:
        oldest = min(served)
        raise RefusalError(
            f"{current.server} serves majors {', '.join(map(str, served))} beside {current.major}, and {MOST_PREVIOUS} "
            f"can be: wait until {oldest} has ended on {served[oldest].ends}, and remove it then"
        )


def _bumped(current: ServedMajor, root: Path) -> tuple[Path, str]:
    """The file that declares the current version, and its text with the next major's first."""
    for file in sorted((root / folder_of(current)).rglob("*.py")):
        code = file.read_bytes()
        if (span := version_span(code, server=current.server)) is not None:
            line, start, end = span
            lines = code.splitlines(keepends=True)
            version = f'"{current.major + 1}.0.0"'.encode()
            lines[line - 1] = lines[line - 1][:start] + version + lines[line - 1][end:]
            return file, b"".join(lines).decode()
    raise RefusalError(
        f"{folder_of(current)}: no module says ToolServer({current.server!r}, version=...): write the version there "
        "as a text, so that it can be changed"
    )


def _text(server: str, promises: dict[int, Promise]) -> str:
    previous = {
        major: promise.model_dump(exclude_none=True) for major, promise in sorted(promises.items(), reverse=True)
    }
    return _HEADER.format(server=server) + yaml.safe_dump({"previous": previous}, sort_keys=False)
