"""What `make publish` and `make new-major` run: `python -m stacks.settings.versions publish|new-major`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from stacks.settings.loader import ROOT, SettingsError
from stacks.settings.versions.cutting import cut_major
from stacks.settings.versions.published import PublishedError
from stacks.settings.versions.publishing import RefusalError, publish


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; mistakes go to the standard error, one sentence a line, and give 1."""
    options = _parser().parse_args(arguments)
    try:
        for line in _publish(options) if options.command == "publish" else _new_major(options):
            print(line)
    except (RefusalError, SettingsError, PublishedError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _publish(options: argparse.Namespace) -> list[str]:
    written = publish(options.servers, root=options.root)
    return [f"Wrote {file.relative_to(options.root)}." for file in written] or ["Everything is published already."]


def _new_major(options: argparse.Namespace) -> list[str]:
    cut = cut_major(options.server, ends=options.ends, root=options.root, today=datetime.now(UTC).date())
    return [
        f"lambda/{cut.package.replace('.', '/')} serves the previous major until {options.ends}.",
        f"{cut.file.relative_to(options.root)} declares {cut.version}: change its tools, then run make publish.",
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stacks.settings.versions", description="Versions of tool servers.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder")
    commands = parser.add_subparsers(dest="command", required=True)
    publishing = commands.add_parser("publish", help="write versions/<server>/<version>.json for what is new")
    publishing.add_argument("servers", nargs="*", metavar="SERVER", help="tool servers; all when left out")
    cutting = commands.add_parser("new-major", help="keep the present major beside the next one")
    cutting.add_argument("server", metavar="SERVER", help="the tool server")
    cutting.add_argument("--ends", required=True, metavar="DAY", help="the last day of the present major: 2027-06-30")
    return parser


if __name__ == "__main__":
    sys.exit(main())
