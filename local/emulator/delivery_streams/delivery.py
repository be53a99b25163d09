"""Firehose collects records and writes them together, with its role's permissions.

docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html. ministack writes every record at once, as it came, and asks
for no permission. Streams that convert formats, partition by content or call a function stay with ministack.
"""

from __future__ import annotations

import base64
import gzip
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudwatch_logs, firehose

from local.emulator import authorization
from local.emulator.aws import client
from local.emulator.delivery_streams.processors import KNOWN, UnreadableError, processed
from local.emulator.patching import replace
from local.emulator.responses import Response, refusal
from local.emulator.settings import ACCOUNT

_LOG = logging.getLogger("foundation.delivery_streams")
_SERVICE = "firehose.amazonaws.com"
_DEFAULT_SECONDS = 300
_DEFAULT_MB = 5
_LEAST_SECONDS = 0.2
"""For streams that do not buffer at all."""

Config = Mapping[str, Any]
Stream = Mapping[str, Any]


def install() -> None:
    """Buffer and process what is put into streams to S3 from now on."""
    buffers = Buffers()
    original = firehose._deliver_records_to_s3

    def deliver_records_to_s3(stream: Stream, destination: Config, records: list[tuple[str, bytes]]) -> None:
        if _is_ours(destination["config"]):
            buffers.add(stream, destination["config"], [data for _, data in records])
        else:
            original(stream, destination, records)

    replace(original, deliver_records_to_s3)
    _check_streams()


class Buffers:
    """Records on their way, a list a stream, written when the interval has passed or the size is reached."""

    def __init__(self) -> None:
        """Nothing is on its way."""
        self._lock = threading.Lock()
        self._waiting: dict[str, list[bytes]] = {}

    def add(self, stream: Stream, config: Config, records: list[bytes]) -> None:
        """Take records; they are written later, on a thread of their own."""
        name, hints = stream["name"], config.get("BufferingHints") or {}
        size = int(hints.get("SizeInMBs", _DEFAULT_MB)) * 2**20
        with self._lock:
            waiting = self._waiting.setdefault(name, [])
            first = not waiting
            waiting.extend(records)
            full = sum(map(len, waiting)) >= size
        if full or first:
            interval = 0 if full else max(float(hints.get("IntervalInSeconds", _DEFAULT_SECONDS)), _LEAST_SECONDS)
            self._later(interval, lambda: self._flush(stream, config))

    def _flush(self, stream: Stream, config: Config) -> None:
        name = stream["name"]
        with self._lock:
            records = self._waiting.pop(name, [])
        if not records or name not in firehose._streams:
            return
        try:
            write(stream, config, records)
        except Exception as error:  # what Firehose cannot deliver it keeps and tries again
            _say(config, str(error))
            self.add(stream, config, records)

    @staticmethod
    def _later(seconds: float, action: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, action)
        timer.daemon = True
        timer.start()


def write(stream: Stream, config: Config, records: list[bytes]) -> None:
    """Process records and write one object of them, and one of those that cannot be read.

    Raises PermissionError when the stream's role may not, and whatever S3 raises.
    """
    processing = config.get("ProcessingConfiguration") or {}
    processors = processing.get("Processors", ()) if str(processing.get("Enabled", "")).lower() == "true" else ()
    lines, failures = [], []
    for record in records:
        try:
            lines.append(processed(record, processors))
        except UnreadableError as error:
            failures.append((error, record))
    now = time.gmtime()
    if lines:
        prefix = firehose._evaluate_prefix(config.get("Prefix", ""), now)
        _put(stream, config, prefix, b"".join(lines))
    for failure, record in failures:
        _say(config, failure.message)
        prefix = firehose._evaluate_prefix(config.get("ErrorOutputPrefix", ""), now, error_type=failure.output_type)
        _put(stream, config, prefix, _failure(failure, record))


def _put(stream: Stream, config: Config, prefix: str, content: bytes) -> None:
    role, bucket_arn = config["RoleARN"], config["BucketARN"]
    if not authorization.role_trusts(role, _SERVICE, source_arn=stream["arn"], external_id=ACCOUNT):
        raise PermissionError(f"Firehose is not authorized to assume {role}")
    moment = firehose._java_time("yyyy-MM-dd-HH-mm-ss", time.gmtime())
    key = f"{prefix}{stream['name']}-{stream['version']}-{moment}-{uuid.uuid4()}"
    zipped = config.get("CompressionFormat") == "GZIP"
    key += config.get("FileExtension") or (".gz" if zipped else "")
    if not authorization.role_may(role, "s3:PutObject", f"{bucket_arn}/{key}"):
        raise PermissionError(f"{role} may not s3:PutObject on {bucket_arn}/{key}")
    bucket = firehose._s3_bucket_from_arn(bucket_arn)
    client("s3").put_object(Bucket=bucket, Key=key, Body=gzip.compress(content) if zipped else content)


def _failure(error: UnreadableError, record: bytes) -> bytes:
    """A record that could not be read, as Firehose writes it (docs.aws.amazon.com/firehose/latest/dev/retry.html)."""
    now = int(time.time() * 1000)
    document = {
        "attemptsMade": 1,
        "arrivalTimestamp": now,
        "attemptEndingTimestamp": now,
        "errorCode": error.output_type,
        "errorMessage": error.message,
        "rawData": base64.b64encode(record).decode(),
    }
    return json.dumps(document).encode() + b"\n"


def _say(config: Config, message: str) -> None:
    """Tell it where the stream's error log is, and in the emulator's own log."""
    _LOG.warning("%s", message)
    options = config.get("CloudWatchLoggingOptions") or {}
    if str(options.get("Enabled", "")).lower() == "true":
        event = {"timestamp": int(time.time() * 1000), "message": json.dumps({"message": message})}
        cloudwatch_logs._put_log_events(
            {
                "logGroupName": options.get("LogGroupName"),
                "logStreamName": options.get("LogStreamName"),
                "logEvents": [event],
            }
        )


def _is_ours(config: Config) -> bool:
    """Whether a stream has nothing that ministack alone knows."""
    processing = config.get("ProcessingConfiguration") or {}
    kinds = {processor["Type"] for processor in processing.get("Processors", ())}
    converts = (config.get("DataFormatConversionConfiguration") or {}).get("Enabled", False)
    partitions = (config.get("DynamicPartitioningConfiguration") or {}).get("Enabled", False)
    return kinds <= set(KNOWN) and not converts and not partitions


def _check_streams() -> None:
    """Refuse the processors that Firehose refuses: extraction from what was not decompressed."""
    original = firehose._create_delivery_stream

    def create_delivery_stream(data: dict[str, Any]) -> Response:
        config = data.get("ExtendedS3DestinationConfiguration") or {}
        processors = (config.get("ProcessingConfiguration") or {}).get("Processors", ())
        kinds = [processor.get("Type") for processor in processors]
        if "CloudWatchLogProcessing" in kinds and "Decompression" not in kinds:
            return refusal(
                "InvalidArgumentException",
                "CloudWatchLogProcessingProcessor can only be enabled with DecompressionProcessor",
            )
        role = config.get("RoleARN", "")
        if config and not authorization.role_trusts(role, _SERVICE, source_arn="", external_id=ACCOUNT):
            return refusal(
                "InvalidArgumentException",
                f"Firehose is unable to assume role {role}. Please check the role provided.",
            )
        response: Response = original(data)
        return response

    replace(original, create_delivery_stream)
