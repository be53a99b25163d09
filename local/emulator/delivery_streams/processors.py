"""What Firehose makes of records before it writes them: out of the envelope of CloudWatch Logs, a line a message.

docs.aws.amazon.com/firehose/latest/dev/writing-with-cloudwatch-logs-decompression.html and Message_extraction.html.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KNOWN = ("Decompression", "CloudWatchLogProcessing", "AppendDelimiterToRecord")


@dataclass(frozen=True)
class UnreadableError(Exception):
    """A record that a processor cannot read; it goes to the error prefix, as it came.

    Attributes:
        output_type: Firehose's name for the kind of failure, part of the error prefix.
        message: what Firehose says of it.
    """

    output_type: str
    message: str


def processed(record: bytes, processors: Sequence[Mapping[str, Any]]) -> bytes:
    """The record after all processors. Raises UnreadableError."""
    data = record
    for processor in processors:
        match processor["Type"]:
            case "Decompression":
                data = _decompressed(data)
            case "CloudWatchLogProcessing":
                data = _messages(data)
            case _:
                data += _delimiter(processor)
    return data


def _decompressed(data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableError("decompression-failed", f"The record is not GZIP: {error}") from error


def _messages(data: bytes) -> bytes:
    try:
        events = json.loads(data)["logEvents"]
        return "\n".join(str(event["message"]) for event in events).encode()
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableError("processing-failed", f"The record is no envelope of CloudWatch Logs: {error}") from error


def _delimiter(processor: Mapping[str, Any]) -> bytes:
    parameters = {p["ParameterName"]: p["ParameterValue"] for p in processor.get("Parameters", ())}
    return str(parameters.get("Delimiter", "\\n")).replace("\\n", "\n").encode()
