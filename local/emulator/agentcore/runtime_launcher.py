"""The process of one runtime: starts the entry point of a deployed archive where AgentCore Runtime would.

Run as a program: `runtime_launcher.py <folder> <overlay> <entry point> <port of the contract> <port here>`. AgentCore
gives every session a machine of its own, on which a server listens at 0.0.0.0 and a fixed port
(docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-mcp-protocol-contract.html). Here all servers share one
machine, so what the server binds is moved to the loopback and a port of its own. It ends with whoever started it.
"""

import os
import runpy
import socket
import sys
import threading
from pathlib import Path
from typing import Any

_LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def main() -> None:
    """Run the entry point as the main program."""
    folder, overlay, entry_point, contract_port, port = sys.argv[1:]
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    _listen_elsewhere(int(contract_port), int(port))
    _see_only(overlay, folder)
    os.chdir(folder)
    sys.argv = [entry_point]
    runpy.run_path(str(Path(folder) / entry_point), run_name="__main__")


def _end_with_the_parent() -> None:
    """Standard input is a pipe that nobody writes to: it ends when the parent does, however that happens."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


def _listen_elsewhere(contract_port: int, port: int) -> None:
    original = socket.socket.bind

    def bind(self: socket.socket, address: Any) -> None:
        if self.family in _LOOPBACK:
            wanted = port if address[1] == contract_port else address[1]
            address = (_LOOPBACK[self.family], wanted, *address[2:])
        original(self, address)

    socket.socket.bind = bind  # type: ignore[method-assign, assignment]


def _see_only(*folders: str) -> None:
    """Look for modules in these folders and the standard library: a runtime brings everything else itself."""
    sys.path[:] = [*folders, *(path for path in sys.path[1:] if "site-packages" not in path)]


if __name__ == "__main__":
    main()
