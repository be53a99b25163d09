"""The two processes of a local run: the emulated AWS with its edge, and the gateway."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from local.emulator.settings import REGION, port_variable
from local.failure import LocalRunError
from local.gateway.configuration import metadata_url
from local.installation import emulator_node_modules, emulator_python
from local.layout import Layout, Ports
from local.processes import Daemon, port_is_free
from local.surroundings import base_environment, emulator_environment

_POLL_SECONDS = 0.05
_START_SECONDS = 30.0
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class EmulatedAws:
    """The emulator's process."""

    def __init__(self, *, layout: Layout, ports: Ports) -> None:
        self._layout = layout
        self._ports = ports
        self.daemon = Daemon(
            name="emulated AWS", pid_file=layout.state / "emulator.pid", log_file=layout.logs / "emulator.log"
        )

    def is_healthy(self) -> bool:
        """Whether the process that this state folder knows answers at its port."""
        pid = self.daemon.pid()
        page = _get_json(f"{self._ports.endpoint_url}/_foundation/health")
        return pid is not None and page is not None and page.get("pid") == pid

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises LocalRunError when a port is taken or it does not answer in time.
        """
        _check_ports(self._ports)
        self.daemon.start(
            [emulator_python(), "-m", "local.emulator"],
            environment=emulator_environment(self._layout, self._ports, node_modules=emulator_node_modules()),
            folder=self._layout.repository,
        )
        _wait(self.daemon, self.is_healthy, self._layout)


class Gateway:
    """The local gateway's process."""

    def __init__(self, *, layout: Layout, ports: Ports) -> None:
        self._layout = layout
        self._ports = ports
        self.daemon = Daemon(
            name="local gateway", pid_file=layout.state / "gateway.pid", log_file=layout.logs / "gateway.log"
        )

    def is_healthy(self, url: str) -> bool:
        """Whether the process runs and serves the gateway at `url`."""
        return self.daemon.pid() is not None and _get_json(metadata_url(url)) is not None

    def start(self, url: str) -> None:
        """Start it and wait until it serves the gateway at `url`.

        Raises LocalRunError when it does not in time.
        """
        self.daemon.start(
            [sys.executable, "-m", "local.gateway", *self._arguments()],
            environment=base_environment(self._layout),
            folder=self._layout.repository,
        )
        _wait(self.daemon, lambda: self.is_healthy(url), self._layout)

    def _arguments(self) -> tuple[str, ...]:
        return (
            *("--control-endpoint", self._ports.endpoint_url),
            *("--edge", self._ports.edge_url),
            *("--ca", str(self._layout.ca_file)),
            *("--region", REGION),
        )


def _check_ports(ports: Ports) -> None:
    for name, port in asdict(ports).items():
        if not port_is_free(port):
            variable = port_variable(name)
            raise LocalRunError(
                f"Port {port} of 127.0.0.1 is taken by another program: stop that one, or choose another port, "
                f"such as `{variable}={port + 1000} make local`."
            )


def _wait(daemon: Daemon, healthy: Callable[[], bool], layout: Layout) -> None:
    """Wait until a process is healthy; end it and raise LocalRunError when it ends or takes too long."""
    deadline = time.monotonic() + _START_SECONDS
    while not healthy():
        ended = daemon.pid() is None
        if ended or time.monotonic() > deadline:
            daemon.stop()
            how = "ended at once" if ended else f"does not answer after {_START_SECONDS:.0f} s"
            raise LocalRunError(
                f"The {daemon.name} {how}. The end of {layout.shown(daemon.log_file)}:\n\n{daemon.log_tail()}"
            )
        time.sleep(_POLL_SECONDS)


def _get_json(url: str) -> dict[str, Any] | None:
    """The JSON object at a loopback URL; None when nothing answers with one."""
    try:
        with _direct.open(url, timeout=5) as answer:
            page: dict[str, Any] = json.load(answer)
            return page
    except (OSError, urllib.error.URLError, ValueError):
        return None
