"""What several operations of the EKS API answer, in the shapes of its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import eks

from local.emulator.responses import Response

Body = Mapping[str, Any]


class EksError(Exception):
    """The API refuses a request: `code` is an exception of its model."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code, self.status = code, status
        super().__init__(message)

    @property
    def response(self) -> Response:
        """The refusal as the API sends it."""
        refused: Response = eks._error(self.status, self.code, str(self))
        return refused


def updated(kind: str) -> Response:
    """The answer of an operation that changes something: an update of the type `kind`, which has ended."""
    update = {
        "id": eks.new_uuid(),
        "status": "Successful",
        "type": kind,
        "params": [],
        "createdAt": eks._now(),
        "errors": [],
    }
    response: Response = eks._json_resp(200, {"update": update})
    return response


def found_cluster(name: str) -> dict[str, Any]:
    """The record of the cluster `name`. Raises EksError without it."""
    cluster: dict[str, Any] | None = eks._clusters.get(name)
    if cluster is None:
        raise EksError("ResourceNotFoundException", f"No cluster found for name: {name}.", 404)
    return cluster


def merge(record: dict[str, Any], changes: Body, *, leave: tuple[str, ...] = ()) -> None:
    """Write `changes` into `record`: members of a structure one by one, anything else as a whole."""
    for name, value in changes.items():
        if name in leave:
            continue
        if isinstance(value, Mapping) and isinstance(record.get(name), dict):
            merge(record[name], value)
        else:
            record[name] = value
