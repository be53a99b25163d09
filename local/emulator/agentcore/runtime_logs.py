"""What a runtime's server prints: into a file, and into CloudWatch Logs as far as its role may write there.

docs.aws.amazon.com/bedrock-agentcore/latest/devguide/observability-view.html (names of group and stream) and
docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-permissions.html (the role's permissions).
"""

from __future__ import annotations

import datetime
import logging
import threading
import time
import uuid
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

_LOG = logging.getLogger("foundation.runtime")
_SEND_AFTER_SECONDS = 0.5


class RuntimeLog:
    """The output of one server; safe to use from several threads."""

    def __init__(self, *, file: Path, group: str, client: Any) -> None:
        """`client` is a CloudWatch Logs client that acts as the runtime's role."""
        self.file = file
        self._group = group
        self._client = client
        self._stream = f"{datetime.datetime.now(datetime.UTC):%Y/%m/%d}/[runtime-logs]{uuid.uuid4()}"
        self._lock = threading.Lock()
        self._waiting: list[dict[str, Any]] = []
        self._timer: threading.Timer | None = None
        self._made = False
        self._told = False

    def write(self, line: str) -> None:
        """Keep a line; it reaches CloudWatch Logs within a moment."""
        with self._lock:
            with self.file.open("a") as file:
                file.write(f"{line}\n")
            self._waiting.append({"timestamp": int(time.time() * 1000), "message": line or " "})
            if self._timer is None:
                self._timer = threading.Timer(_SEND_AFTER_SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Send what waits. A role that may not write loses its lines there, as on AWS; the file has them."""
        with self._lock:
            events, self._waiting, self._timer = self._waiting, [], None
        if not events:
            return
        place = {"logGroupName": self._group, "logStreamName": self._stream}
        try:
            if not self._made:
                self._client.create_log_stream(**place)
                self._made = True
            self._client.put_log_events(**place, logEvents=events)
        except (BotoCoreError, ClientError) as error:
            if not self._told:
                _LOG.warning("the runtime's role cannot write to %s: %s", self._group, error)
                self._told = True
