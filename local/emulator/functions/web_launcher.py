"""Becomes the start script of a web function, and sees to it that the function does not outlive the emulator.

Run as a program: `web_launcher.py <script>`, with a pipe as standard input that nobody writes to: it ends when the
emulator does, however that happens.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Leave a child that watches the pipe, and run the script in this process: its signals and its end are its own."""
    script, server = sys.argv[1], os.getpid()
    if os.fork() == 0:
        _watch(server)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.execv(script, [script])  # noqa: S606 - what was deployed


def _watch(server: int) -> None:
    for output in (sys.stdout.fileno(), sys.stderr.fileno()):
        os.close(output)  # whoever reads them waits for the last writer
    os.read(sys.stdin.fileno(), 1)
    if os.getppid() == server:
        with contextlib.suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    main()
