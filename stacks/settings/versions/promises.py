"""Until when a previous major is served: `versions/<server>/majors.yaml`, written once for all environments.

The promise stands beside the published versions and not in the settings of an environment, so that nobody takes it
back by editing those.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from stacks.settings.base import PackageName, SettingsModel
from stacks.settings.sentences import sentences
from stacks.settings.versions.published import FOLDER, PublishedError
from stacks.settings.yaml_file import YamlError, read_yaml

FILE = "majors.yaml"

LEAST_NOTICE = timedelta(days=90)
"""How long callers have at least, from the day that a major is deprecated to its last: a quarter, in which every team
plans once."""


class Promise(SettingsModel):
    """One previous major."""

    deprecated: date
    """The day that its successor came."""
    ends: date
    """The last day that it is served."""
    package: PackageName | None = None
    """Its Lambda package, dotted. Left out, it is no longer served, which can be once it has ended."""

    @field_validator("ends")
    @classmethod
    def _leaves_time(cls, value: date, info: ValidationInfo) -> date:
        deprecated = info.data.get("deprecated")
        if deprecated is not None and value < deprecated + LEAST_NOTICE:
            days = (value - deprecated).days
            distance = f"{days} days after" if days >= 0 else "before"
            raise ValueError(
                f"is {distance} {deprecated}, when the major was deprecated, and callers have {LEAST_NOTICE.days} days "
                f"at least: use {deprecated + LEAST_NOTICE} or later"
            )
        return value


class Promises(SettingsModel):
    """The previous majors of one tool server."""

    previous: dict[Annotated[int, Field(ge=0)], Promise] = {}
    """By major."""


def promises_file(server: str, *, root: Path) -> Path:
    """Where the promises of a server stand, below the project's folder `root`."""
    return root / FOLDER / server / FILE


def read_promises(server: str, *, root: Path) -> dict[int, Promise]:
    """The previous majors of a server and their ends, the newest first.

    Raises:
        PublishedError: the file cannot be used; a sentence for each mistake, one a line.
    """
    file = promises_file(server, root=root)
    label = file.relative_to(root)
    if not file.exists():
        return {}
    try:
        promises = Promises.model_validate(read_yaml(file)).previous
    except YamlError as error:
        raise PublishedError(f"{label}: {error}") from None
    except ValidationError as error:
        raise PublishedError("\n".join(f"{label}: {sentence}" for sentence in sentences(error, Promises))) from None
    return dict(sorted(promises.items(), reverse=True))
