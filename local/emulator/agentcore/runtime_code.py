"""The archive that a runtime is made of: code in S3, without a container image.

docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-get-started-code-deploy.html
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.emulator.agentcore.errors import invalid
from local.emulator.aws import client

_MOST_BYTES = 250 * 1024 * 1024


def check(artifact: Mapping[str, Any]) -> None:
    """Refuse an artifact that the local run cannot start. Raises ValidationException."""
    if "codeConfiguration" not in artifact:
        raise invalid("The local run has no containers: deploy the runtime with codeConfiguration, an archive in S3")
    code = artifact["codeConfiguration"]
    if not code["runtime"].startswith("PYTHON"):
        raise invalid(f"The local run starts Python servers only, not {code['runtime']}")
    with _archive(code) as archive:
        if entry_point(code) not in archive.namelist():
            raise invalid(f"The archive {_place(code)} has no file {entry_point(code)}, which entryPoint names")


def unpack(artifact: Mapping[str, Any], folder: Path) -> None:
    """Lay the archive out in `folder`. Raises ValidationException when it is gone."""
    with _archive(artifact["codeConfiguration"]) as archive:
        archive.extractall(folder)


def entry_point(code: Mapping[str, Any]) -> str:
    """The file that is started; a wrapper before it, such as opentelemetry-instrument, is left out."""
    return str(code["entryPoint"][-1])


def _archive(code: Mapping[str, Any]) -> zipfile.ZipFile:
    location = code["code"]["s3"]
    version = {"VersionId": location["versionId"]} if "versionId" in location else {}
    try:
        found = client("s3").get_object(Bucket=location["bucket"], Key=location["prefix"], **version)
        content = found["Body"].read()
        if len(content) > _MOST_BYTES:
            raise invalid(f"The archive {_place(code)} has {len(content)} bytes, at most {_MOST_BYTES} are allowed")
        return zipfile.ZipFile(io.BytesIO(content))
    except (ClientError, zipfile.BadZipFile) as error:
        raise invalid(f"The archive {_place(code)} cannot be read: {error}") from error


def _place(code: Mapping[str, Any]) -> str:
    location = code["code"]["s3"]
    return f"s3://{location['bucket']}/{location['prefix']}"
