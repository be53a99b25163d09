"""What a Lambda function's log group gets: what the function prints, if its role may write there.

Lambda writes a function's log with the function's own role
(docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html); that a role may not is noticed by what is missing
alone. A line of output is an event, and a line of JSON stays as it is whatever the log format; with the format JSON the
lines of the platform are JSON too (docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html).
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ministack.services import cloudwatch_logs, lambda_svc

from local.emulator import authorization
from local.emulator.patching import replace

_LOG = logging.getLogger("foundation.function_logs")


def install() -> None:
    """Write functions' logs this way from now on."""
    replace(lambda_svc._emit_lambda_logs, write)


def write(
    function: Mapping[str, Any],
    request_id: str,
    output: str,
    failed: bool,
    duration_ms: int,
    *,
    log_source: str | None = None,  # noqa: ARG001 - ministack says whose platform lines `output` holds; here none
) -> None:
    """Write what an invocation printed into the function's log group.

    A role that may not write, and a log group that is not there, leave a line in the emulator's own log.
    """
    config = function.get("config") or function
    settings = config.get("LoggingConfig") or {}
    group = settings.get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
    problem = _problem(config["Role"], group)
    if problem:
        _LOG.warning("nothing is logged of %s: %s", config["FunctionName"], problem)
        return
    platform = _json_lines if settings.get("LogFormat") == "JSON" else _text_lines
    first, *last = platform(config, request_id, failed, duration_ms)
    stream = _stream(config, group)
    now = int(datetime.now(UTC).timestamp() * 1000)
    place = {"logGroupName": group, "logStreamName": stream}
    cloudwatch_logs._create_log_stream(place)
    lines = [first, *output.splitlines(), *last]
    events = [{"timestamp": now, "message": line} for line in lines if line]
    cloudwatch_logs._put_log_events({**place, "logEvents": events})


def _problem(role: str, group: str) -> str | None:
    """Why Lambda cannot write, or None. A log group that is missing it makes itself, if the role may."""
    arn = cloudwatch_logs._make_group_arn_no_star(group)
    if group not in cloudwatch_logs._log_groups:
        if not authorization.role_may(role, "logs:CreateLogGroup", arn):
            return f"there is no log group {group}, and {role} may not logs:CreateLogGroup"
        cloudwatch_logs._create_log_group({"logGroupName": group})
    for action, resource in (("CreateLogStream", f"{arn}:*"), ("PutLogEvents", f"{arn}:log-stream:*")):
        if not authorization.role_may(role, f"logs:{action}", resource):
            return f"{role} may not logs:{action} on {arn}"
    return None


def _stream(config: Mapping[str, Any], group: str) -> str:
    """A stream an invocation; where functions share a log group, its name has the function's in it."""
    day, environment, version = f"{datetime.now(UTC):%Y/%m/%d}", uuid.uuid4().hex, config.get("Version", "$LATEST")
    if group == f"/aws/lambda/{config['FunctionName']}":
        return f"{day}/[{version}]{environment}"
    return f"{day}/{config['FunctionName']}[{version}][{environment}]"


def _text_lines(config: Mapping[str, Any], request_id: str, failed: bool, duration_ms: int) -> list[str]:  # noqa: ARG001
    about = f"RequestId: {request_id}"
    return [
        f"START {about} Version: {config.get('Version', '$LATEST')}",
        f"END {about}",
        f"REPORT {about}\tDuration: {duration_ms} ms\tBilled Duration: {duration_ms} ms\t"
        f"Memory Size: {config.get('MemorySize', 128)} MB",
    ]


def _json_lines(config: Mapping[str, Any], request_id: str, failed: bool, duration_ms: int) -> list[str]:
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.{datetime.now(UTC).microsecond // 1000:03d}Z"
    status = "error" if failed else "success"
    metrics = {
        "durationMs": duration_ms,
        "billedDurationMs": duration_ms,
        "memorySizeMB": config.get("MemorySize", 128),
    }
    records: list[tuple[str, dict[str, Any]]] = [
        ("platform.start", {"version": config.get("Version", "$LATEST")}),
        ("platform.report", {"status": status, "metrics": metrics}),
    ]
    return [
        json.dumps({"time": now, "type": kind, "record": {"requestId": request_id, **record}})
        for kind, record in records
    ]
