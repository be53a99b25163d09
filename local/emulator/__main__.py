"""Start the emulated AWS: `FOUNDATION_STATE=… FOUNDATION_CFN_SCHEMAS=… python -m local.emulator`.

Ready when GET /_foundation/health on FOUNDATION_EMULATOR_PORT answers 200. SIGTERM and SIGINT stop it and every
Lambda process that it started.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys

from local.emulator.environment import process_environment
from local.emulator.settings import Settings, SettingsError


def main() -> int:
    """Run until told to stop; the process's exit code."""
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        print(f"The emulator cannot start: {error}.", file=sys.stderr)
        return 2
    settings.state.mkdir(parents=True, exist_ok=True)
    _empty(settings)
    environment = process_environment(settings, os.environ)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(settings.state)
    # ministack reads its environment while it is imported.
    from local.emulator.server import serve  # noqa: PLC0415

    asyncio.run(serve(settings))
    return 0


def _empty(settings: Settings) -> None:
    """Remove what a killed emulator left: its state lives in memory, so files without it only mislead."""
    for name in ("s3", "ministack", "tmp"):
        shutil.rmtree(settings.state / name, ignore_errors=True)
        (settings.state / name).mkdir()


if __name__ == "__main__":
    sys.exit(main())
