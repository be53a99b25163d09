"""The platform on this machine, as its state folder describes it.

`make local` writes `client.json` there: where the emulated AWS is, and whom a person of the company is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from foundation_client.failure import CommandError, Exit
from foundation_client.variables import STATE
from foundation_client.wire import WireError, loads, member, optional

_FOLDER = ".local"
_FILE = "client.json"


@dataclass(frozen=True, kw_only=True)
class LocalPlatform:
    """What a client needs to know of it."""

    environment: str
    region: str
    endpoint_url: str
    """Of the emulated AWS."""
    proxy: str
    """Which brings requests for AWS host names to this machine."""
    ca_file: Path
    credentials_file: Path
    profile: str
    agent: str | None
    """Whom to talk to when no agent is named."""

    @classmethod
    def find(cls, variables: Mapping[str, str]) -> LocalPlatform:
        """Find it in FOUNDATION_STATE, by default in `.local` here or in a folder above.

        Raises CommandError when there is none, or its file says something else than expected.
        """
        file = _file(variables)
        try:
            return _read(loads(file.read_bytes()))
        except (WireError, OSError) as error:
            raise CommandError(
                f"{file} does not describe a local platform ({error}): run `make local` again.", Exit.UNREACHABLE
            ) from None


def _file(variables: Mapping[str, str]) -> Path:
    if state := variables.get(STATE):
        candidates = [Path(state) / _FILE]
    else:
        here = Path.cwd()
        candidates = [folder / _FOLDER / _FILE for folder in (here, *here.parents)]
    for file in candidates:
        if file.is_file():
            return file
    raise CommandError(
        "No platform runs on this machine: run `make local` first, and this command in the same checkout or with "
        f"{STATE} set to its state folder.",
        Exit.UNREACHABLE,
    )


def _read(data: Mapping[str, object]) -> LocalPlatform:
    return LocalPlatform(
        environment=member(data, "environment", str),
        region=member(data, "region", str),
        endpoint_url=member(data, "endpoint_url", str),
        proxy=member(data, "proxy", str),
        ca_file=Path(member(data, "ca_file", str)),
        credentials_file=Path(member(data, "credentials_file", str)),
        profile=member(data, "profile", str),
        agent=optional(data, "agent", str),
    )
