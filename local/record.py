"""What a state folder knows about the platform that runs from it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from local.layout import Layout, Ports


@dataclass(frozen=True, kw_only=True)
class Record:
    """The platform's ports, and the fingerprint of what was deployed; None until a deployment came to its end."""

    ports: Ports
    deployed: str | None = None

    @classmethod
    def read(cls, layout: Layout) -> Record | None:
        """Read the state folder's record; None when there is none."""
        try:
            page = json.loads(layout.record.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(ports=Ports(**page["ports"]), deployed=page["deployed"])

    def write(self, layout: Layout) -> None:
        """Replace the state folder's record in one step, so that an interruption leaves a whole one."""
        draft = layout.record.with_suffix(".new")
        draft.write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")
        draft.replace(layout.record)
