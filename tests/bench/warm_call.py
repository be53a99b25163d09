"""How long a warm tool call takes in the handler, over a bare boto3 call that gives the same rows.

Both go all the way through botocore to the moment of sending, where a canned answer of S3 comes back: at once, which
shows the toolkit's own time, and after as long as a service of the same region takes, which is what a caller waits for.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from tests.bench.measure import medians, show

BUCKETS = "".join(
    f"<Bucket><Name>bucket-{n}</Name><CreationDate>2026-01-01T00:00:00Z</CreationDate></Bucket>" for n in range(20)
)
ANSWER = f"<ListAllMyBucketsResult><Owner/><Buckets>{BUCKETS}</Buckets></ListAllMyBucketsResult>".encode()
CALLS = 200
WAITS = (0.0, 0.010)
"""Seconds until AWS answers; a list of S3 takes 10 ms and more in the region of the bucket."""


class _Raw:
    """The body of an answer, as botocore reads it."""

    def stream(self, **_: Any) -> Any:
        """The body in one piece."""
        yield ANSWER


def run(rounds: int = 9) -> None:
    """Print the ratio for listing twenty buckets."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    from aws_operations.general.handler import handler  # noqa: PLC0415 - reads the environment
    from toolkit.aws import Aws  # noqa: PLC0415

    s3 = Aws().client("s3")
    wait = 0.0

    def answer_of_s3(request: Any, **_: Any) -> AWSResponse:
        time.sleep(wait)
        return AWSResponse(request.url, 200, HTTPHeaders(), _Raw())

    s3.meta.events.register("before-send.s3.ListBuckets", answer_of_s3)
    context: Any = SimpleNamespace(
        aws_request_id="1",
        get_remaining_time_in_millis=lambda: 30_000,
        client_context=SimpleNamespace(custom={"bedrockAgentCoreToolName": "aws-operations-v1___s3_read_operations"}),
    )

    def tool() -> None:
        answer = handler({"operation": "list_buckets"}, context)
        assert len(answer["buckets"]) == 20, answer

    def bare() -> None:
        buckets = s3.list_buckets(MaxBuckets=100)["Buckets"]
        rows = [{"name": row["Name"], "created": row["CreationDate"].isoformat()} for row in buckets]
        json.dumps({"buckets": rows})

    for wait in WAITS:
        found = medians({"bare": lambda: _seconds(bare), "tool": lambda: _seconds(tool)}, rounds=rounds)
        what = f"list_buckets, S3 answering after {wait * 1000:.0f} ms"
        show(what, found["tool"], "bare boto3", found["bare"], scale=1000, unit="ms")


def _seconds(call: Callable[[], object]) -> float:
    """Seconds per call, over many; what they log goes nowhere."""
    with contextlib.redirect_stdout(io.StringIO()):
        begin = time.perf_counter()
        for _ in range(CALLS):
            call()
        return (time.perf_counter() - begin) / CALLS
