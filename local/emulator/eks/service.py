"""Puts the EKS API's corrections in place, and answers its operations that ministack has no route for."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.services import eks

from local.emulator.eks import access, addons, clusters, node_groups, tags
from local.emulator.eks.answers import EksError
from local.emulator.patching import replace
from local.emulator.responses import Response

_NAME = r"([A-Za-z0-9_-]+)"
_UPDATES: tuple[tuple[re.Pattern[str], Callable[..., Response]], ...] = (
    (re.compile(rf"/clusters/{_NAME}/update-config"), clusters.update_config),
    (re.compile(rf"/clusters/{_NAME}/updates"), clusters.update_version),
    (re.compile(rf"/clusters/{_NAME}/node-groups/{_NAME}/update-config"), node_groups.update_config),
    (re.compile(rf"/clusters/{_NAME}/node-groups/{_NAME}/update-version"), node_groups.update_version),
)
"""Each is a POST, and takes the names in its path and the body."""


def install(authority: Path) -> None:
    """Extend the API from now on; clusters tell `authority` as the certificate of their own."""
    clusters.install(authority)
    node_groups.install()
    addons.install()
    access.install()
    original = eks._handle_request_sync

    def handle_request(method: str, path: str, headers: Any, body: bytes, query: Any) -> Response:
        if path.startswith("/tags/"):
            arn = urllib.parse.unquote(path.removeprefix("/tags/"))
            keys = query.get("tagKeys", [])
            answered = tags.answer(
                method, arn, json.loads(body or b"{}"), [keys] if isinstance(keys, str) else list(keys)
            )
            if answered is not None:
                return answered
        for pattern, operation in _UPDATES:
            match = pattern.fullmatch(path) if method == "POST" else None
            if match:
                try:
                    return operation(*match.groups(), json.loads(body))
                except EksError as refusal:
                    return refusal.response
        response: Response = original(method, path, headers, body, query)
        return response

    replace(original, handle_request)
