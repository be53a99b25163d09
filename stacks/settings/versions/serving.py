"""Which majors of a tool server are served, and whether its code keeps what was published and promised (R11)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from stacks.settings.environment import ToolServerSettings
from stacks.settings.tool_specs import read_spec
from stacks.settings.versions.bumps import Bump, parse
from stacks.settings.versions.changes import Change, needed_bump
from stacks.settings.versions.compatibility import changes
from stacks.settings.versions.promises import FILE, Promise, read_promises
from stacks.settings.versions.published import FOLDER, Published, PublishedError, published_servers, published_versions
from stacks.settings.versions.served import ServedMajor, major_of
from toolkit import DeclarationError
from toolkit.deprecation import FIELD, Deprecation
from toolkit.spec import ServerSpec

MOST_PREVIOUS = 2
"""Previous majors that are served beside the current one."""


@dataclass
class Serving:
    """What is served of one tool server, or of several.

    Attributes:
        majors: the majors by server, the current one first.
        mistakes: a sentence for each thing that has to be corrected first.
        notices: a sentence for each thing that can wait.
    """

    majors: dict[str, tuple[ServedMajor, ...]] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def serve(
    servers: Mapping[str, ToolServerSettings], specs: Mapping[str, ServerSpec], *, root: Path, today: date
) -> Serving:
    """The majors of all servers of an environment.

    Args:
        servers: their settings by name.
        specs: what their current majors offer, by name; servers without are left out.
        root: the folder that holds `versions/` and `lambda/`.
        today: the day to judge by.
    """
    serving = Serving()
    for name, spec in specs.items():
        try:
            published, promises = published_versions(name, root=root), read_promises(name, root=root)
        except PublishedError as error:
            serving.mistakes += str(error).splitlines()
            continue
        current = ServedMajor(declared=spec, package=servers[name].package, settings=servers[name])
        serving.mistakes += _unpromised(current, published, promises)
        previous = _previous(current, promises, serving, root=root, today=today)
        serving.majors[name] = (current, *previous)
        for major in serving.majors[name]:
            same = [version for version in published if major_of(version.version) == major.major]
            _compare(major, same, serving)
    return serving


def lost_servers(named: Collection[str], *, root: Path) -> list[str]:
    """A sentence for each published server that no environment has: with it, all of its majors would be dropped.

    Args:
        named: the tool servers of every environment.
        root: the folder that holds `versions/`.
    """
    return [
        f"{FOLDER}/{server}: is published, and no environment has the tool server: put it back under tool_servers in "
        "config/, or remove the folder when nobody calls it any more"
        for server in published_servers(root)
        if server not in named
    ]


def _unpromised(current: ServedMajor, published: Sequence[Published], promises: Mapping[int, Promise]) -> list[str]:
    """Where the version that the code has does not fit what was published and promised before."""
    label = f"{FOLDER}/{current.server}/{FILE}"
    version = current.declared.version
    found = []
    for major in sorted({major_of(version.version) for version in published}):
        if major > current.major:
            found.append(
                f"{folder_of(current)}: {current.server} {version} is older than the published major {major}: set "
                f"version {major}.0.0 or later, or restore the code"
            )
        elif major < current.major and major not in promises:
            found.append(
                f"{label}: previous.{major}: is missing, while major {major} is published and the current version is "
                f"{version}: restore the code of {major} and run make new-major before the change"
            )
    found += [
        f"{label}: previous.{major}: is not older than the current version {version}: set version {major + 1}.0.0 in "
        f"{folder_of(current)}, or remove {major} here"
        for major in promises
        if major >= current.major
    ]
    return found


def _previous(
    current: ServedMajor, promises: Mapping[int, Promise], serving: Serving, *, root: Path, today: date
) -> list[ServedMajor]:
    """The previous majors that are served; what hinders or ends them goes to `serving`."""
    label = f"{FOLDER}/{current.server}/{FILE}"
    found = []
    for major, promise in promises.items():
        key = f"{label}: previous.{major}.package"
        if promise.package is None:
            if promise.ends >= today:
                serving.mistakes.append(
                    f"{key}: is missing, and major {major} was promised until {promise.ends}: name the package that "
                    "holds it until then"
                )
            continue
        if promise.ends < today:
            serving.notices.append(
                f"{key}: {promise.package!r} is still served, and major {major} ended on {promise.ends}: remove the "
                f"key and lambda/{promise.package.partition('.')[0]}"
            )
        try:
            found.append(_previous_major(current, major, promise.package, promise.ends, root=root))
        except DeclarationError as error:
            serving.mistakes.append(f"{key}: {error}")
    if len(found) > MOST_PREVIOUS:
        oldest = found[-1]
        serving.mistakes.append(
            f"{label}: previous: {', '.join(str(major.major) for major in found)} are served beside {current.major}, "
            f"and {MOST_PREVIOUS} can be: keep the current version below {current.major}.0.0 until {oldest.major} has "
            f"ended on {oldest.ends}"
        )
    return found


def _previous_major(current: ServedMajor, major: int, package: str, ends: date, *, root: Path) -> ServedMajor:
    """The previous major that `package` holds.

    Raises:
        DeclarationError: it holds none, or another.
    """
    try:
        spec = read_spec(package, root=root)
    except DeclarationError as error:
        raise DeclarationError(f"{error}; major {major} was promised until {ends}") from error
    if (spec.name, major_of(spec.version)) != (current.server, major):
        raise DeclarationError(
            f"{package!r} holds {spec.name} {spec.version}: name the package that holds major {major} of "
            f"{current.server}"
        )
    deprecation = Deprecation(ends.isoformat(), current.target)
    return ServedMajor(declared=spec, package=package, settings=current.settings, deprecation=deprecation)


def _compare(major: ServedMajor, published: Sequence[Published], serving: Serving) -> None:
    """Compare a major with the newest of its published versions; breaking changes are mistakes, others can wait."""
    now = Published.of(major.declared)
    publish = f"run make publish SERVER={major.server}"
    serving.mistakes += [
        f"{folder_of(major)}: {name} answers a field called {FIELD}, which the kit adds when a major ends: rename it"
        for name, tool in now.tools.items()
        if FIELD in (tool.contract.answer or {}).get("properties", ())
    ]
    if not published:
        serving.notices.append(
            f"{folder_of(major)}: {now.server} {now.version} is not published, so that nothing keeps it from breaking "
            f"its callers: {publish}"
        )
        return
    newest = published[-1]
    found = changes(newest, now)
    needed = needed_bump(found)
    if needed is Bump.MAJOR:
        breaking = [change for change in found if change.kind.bump is Bump.MAJOR]
        serving.mistakes.append(_breaking(major, newest, breaking))
    elif parse(now.version) < parse(newest.version):
        serving.mistakes.append(
            f"{folder_of(major)}: {now.server} {now.version} is older than the published {newest.version}: set version "
            f"{newest.version} or later"
        )
    elif needed and now.version == newest.version:
        serving.notices.append(
            f"{folder_of(major)}: {now.server} differs from the published {newest.version} ({listed(found)}): set "
            f"version {needed.after(newest.version)} and {publish}"
        )
    elif now.version != newest.version:
        serving.notices.append(f"{folder_of(major)}: {now.server} {now.version} is not published: {publish}")


def _breaking(major: ServedMajor, newest: Published, breaking: Sequence[Change]) -> str:
    """The sentence for a major that breaks the callers of its newest published version."""
    found = f"{folder_of(major)}: {newest.server} breaks callers of the published {newest.version} ({listed(breaking)})"
    if major.deprecation:
        return f"{found}: undo it, since its major stays as it is until it ends on {major.ends}"
    bump = Bump.MAJOR.after(newest.version)
    return (
        f"{found}: bump {newest.server} from {newest.version} to {bump} (run make new-major SERVER={newest.server} "
        "ENDS=<last day of the present major> on the code as it was, then change it), or undo it"
    )


def listed(found: Sequence[Change]) -> str:
    """Changes as one text."""
    return "; ".join(map(str, found))


def folder_of(major: ServedMajor) -> str:
    """Where a major's code is, from the project's folder."""
    return f"lambda/{major.package.replace('.', '/')}"
