"""The command `foundation`; also `python -m foundation_client`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper

from foundation_client.arguments import parser
from foundation_client.failure import CommandError, Exit


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; what hinders it goes to the standard error, in a sentence. Gives the exit code."""
    options = parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # what a terminal cannot show is no reason to fail
    # Only now what takes time: half a second of AWS, HTTP and terminal libraries.
    from foundation_client.commands import run

    try:
        return run(options)
    except CommandError as failure:
        print(f"foundation: {failure}", file=sys.stderr)
        return failure.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Python flushes the standard output once more at its end, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.BROKEN_PIPE


if __name__ == "__main__":
    sys.exit(main())
