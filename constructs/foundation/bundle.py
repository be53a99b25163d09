"""Lambda bundles without Docker.

A bundle holds the function's package, the shared toolkit, and the dependencies that the package's requirements.txt
names, copied from this interpreter's own site-packages: what the tests ran against is what is deployed, and a synthesis
needs no registry. A compiled distribution cannot be copied from another kind of machine: its wheel for Lambda comes in
the same version from uv's cache, where it is after the first time (`foundation.platforms`).

A bundle is kept under the hash of its inputs, every file of our packages and the version of every dependency, so that a
synthesis makes one only when something changed. The hash does not depend on when and where it was made, so that the
asset is the same from any checkout.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from foundation.platforms import HOST, PLATFORM, PYTHON, WheelError, install_wheels, known_platform

_SKIPPED = {"__pycache__", "requirements.txt", ".DS_Store"}
_METADATA_KEPT = {"METADATA"}
"""Of a distribution's metadata: enough for importlib.metadata.version(). RECORD and INSTALLER differ by installer."""


class BundleError(Exception):
    """A bundle cannot be made; the message names the package and the way out."""


@cache
def bundle(
    *,
    source_root: Path,
    packages: tuple[str, ...],
    cache_folder: Path,
    aws_services: tuple[str, ...] = (),
    generated: tuple[tuple[str, str], ...] = (),
    platform: str = PLATFORM,
) -> Path:
    """The folder to deploy for a function made of `packages`.

    Args:
        source_root: folder of the packages (`lambda/`).
        packages: the function's package first, then the shared ones it imports; of `outer.inner` the modules of `outer`
            come along, its other packages do not.
        cache_folder: where bundles are kept between syntheses.
        aws_services: services whose API descriptions a bundle with boto3 of its own takes along, by botocore's names.
            All of them together would be thirty times the rest.
        generated: text files to put beside the packages, each its name and its content.
        platform: `foundation.platforms.PLATFORM`, or `HOST` for the local run.

    Returns:
        A folder below `cache_folder`, complete, named by its inputs.

    Raises:
        BundleError: a package has no folder, a dependency is not installed as pinned or has no wheel for Lambda, or
            there is no such platform.
    """
    files = dict(package_files(source_root, packages))
    needed = dependencies(source_root, packages)
    digest = hashlib.sha256(listing(files))
    for dist in needed:
        digest.update(f"{dist.name}=={dist.version}\n".encode())
    fetched = [dist for dist in needed if _is_compiled(dist)] if _checked(platform) != HOST else []
    if any(_is_compiled(dist) for dist in needed):
        digest.update(f"{platform} {PYTHON}\n".encode())
    digest.update(" ".join(aws_services).encode() + repr(generated).encode() * bool(generated))
    digest.update(Path(__file__).read_bytes())  # which files are taken is decided here
    folder = cache_folder / f"{packages[0]}-{digest.hexdigest()[:16]}"
    if not folder.exists():
        for dist in needed:
            if dist not in fetched:
                files |= {name: path for name, path in _distribution_files(dist) if _wanted(name, aws_services)}
        with appearing(folder) as made:
            _fetch(fetched, made, platform=platform)
            copy(files, made)
            for name, content in generated:
                (made / name).write_text(content, encoding="utf-8")
    return folder


def _checked(platform: str) -> str:
    try:
        return known_platform(platform)
    except ValueError as error:
        raise BundleError(str(error)) from None


def _fetch(compiled: list[Distribution], folder: Path, *, platform: str) -> None:
    """Put the wheels of compiled distributions into a folder, without what pip leaves beside them."""
    if not compiled:
        return
    pins = [f"{dist.name}=={dist.version}" for dist in compiled]
    with tempfile.TemporaryDirectory() as staging:
        root = Path(staging)
        try:
            install_wheels(("--no-deps", *pins), root, platform=platform)
        except WheelError as error:
            raise BundleError(
                f"{' '.join(pins)} cannot be installed for {platform}: take versions that have wheels there for Python "
                f"{PYTHON}, and be online the first time. uv says: {error}"
            ) from None
        names = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
        copy(
            {str(name): root / name for name in names if name.parts[0] not in ("bin", ".lock") and _kept(name)}, folder
        )


def archive(folder: Path) -> Path:
    """The bundle `folder` as a zip beside it, for CDK to copy as one file instead of a thousand.

    Names are sorted and times left out; how well it is packed is the zlib's own affair, so whoever needs the same hash
    from every machine takes the folder's name.
    """
    target = folder.with_name(f"{folder.name}.zip")
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as staging:
            made = Path(staging) / target.name
            with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
                for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                    entry = zipfile.ZipInfo(str(path.relative_to(folder)))
                    entry.external_attr = 0o644 << 16
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    packed.writestr(entry, path.read_bytes())
            made.replace(target)
    return target


def package_files(source_root: Path, packages: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Every file of the packages, and of a package inside another the modules that lie above it."""
    for package in packages:
        folders = _folders(source_root, package)
        for folder in folders:
            if not (folder / "__init__.py").is_file():
                raise BundleError(f"{folder} is no Python package: create {folder / '__init__.py'}")
        above = [path for folder in folders[:-1] for path in folder.glob("*.py")]
        for path in (*above, *folders[-1].rglob("*")):
            if path.is_file() and not _SKIPPED.intersection(path.relative_to(folders[0]).parts):
                yield str(path.relative_to(source_root)), path


def _folders(source_root: Path, package: str) -> list[Path]:
    """The folder of `outer.inner` and those above it, the outermost first."""
    parts = package.split(".")
    return [source_root.joinpath(*parts[:depth]) for depth in range(1, len(parts) + 1)]


def dependencies(source_root: Path, packages: tuple[str, ...]) -> list[Distribution]:
    """The installed distributions that the packages' requirements.txt name, and all that those require.

    Raises:
        BundleError: one is not installed as pinned.
    """
    found: dict[str, Distribution] = {}
    folders = [folder for package in packages for folder in _folders(source_root, package)]
    waiting = [(line, "") for folder in folders for line in requirement_lines(folder / "requirements.txt")]
    seen: set[tuple[str, str]] = set()
    while waiting:
        line, extra = waiting.pop()
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = _normal(requirement.name)
        found[name] = _installed(requirement)
        for wanted in {(name, extra) for extra in ("", *requirement.extras)} - seen:
            seen.add(wanted)
            waiting += [(needed, wanted[1]) for needed in found[name].requires or []]
    return [found[name] for name in sorted(found)]


def requirement_lines(file: Path) -> list[str]:
    """What a requirements.txt asks for; nothing where there is none."""
    if not file.is_file():
        return []
    lines = (line.split("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def _installed(requirement: Requirement) -> Distribution:
    try:
        dist = distribution(requirement.name)
    except PackageNotFoundError:
        raise BundleError(f"{requirement} is not installed: run `make setup`") from None
    if dist.version not in requirement.specifier:
        raise BundleError(f"{requirement} is wanted and {dist.version} is installed: run `make setup`")
    return dist


def _normal(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_compiled(dist: Distribution) -> bool:
    return "Root-Is-Purelib: true" not in (dist.read_text("WHEEL") or "")


def _distribution_files(dist: Distribution) -> Iterator[tuple[str, Path]]:
    for file in dist.files or []:
        if file.parts[0] != ".." and _kept(Path(*file.parts)):
            yield str(file), Path(str(dist.locate_file(file)))


def _kept(file: Path) -> bool:
    """Whether a file of a distribution belongs into a bundle."""
    in_metadata = file.parts[0].endswith(".dist-info")
    return "__pycache__" not in file.parts and (not in_metadata or file.name in _METADATA_KEPT)


def _wanted(name: str, aws_services: tuple[str, ...]) -> bool:
    """Leave out what botocore knows of services that the function does not call."""
    parts = Path(name).parts
    return parts[:2] != ("botocore", "data") or len(parts) == 3 or parts[2] in aws_services


def listing(files: Mapping[str, Path]) -> bytes:
    """Names and hashes of files, the same for the same content wherever they lie."""
    lines = (f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n" for name, path in sorted(files.items()))
    return "".join(lines).encode()


def copy(files: Mapping[str, Path], folder: Path) -> None:
    """Put files into a folder under their names."""
    for name, path in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `folder` whole or not at all: another process may be synthesizing beside this."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as staging:
        made = Path(staging) / "bundle"
        made.mkdir()
        yield made
        try:
            made.rename(folder)
        except OSError:
            if not folder.exists():
                raise
