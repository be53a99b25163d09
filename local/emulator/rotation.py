"""Secret rotation as Secrets Manager does it, which ministack only pretends.

RotateSecret answers at once and calls the rotation function's four steps in the background, in order, with one
token; a rotation that failed is tried again from its first step with the same token
(docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html and
docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html).
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.core.responses import new_uuid
from ministack.services import secretsmanager

from local.emulator import authorization
from local.emulator.aws import client
from local.emulator.patching import replace
from local.emulator.responses import Response, answer, refusal

_LOG = logging.getLogger("foundation.rotation")
_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
_RETRY_SECONDS = (1, 2, 5, 10, 20, 30)
_SECONDS_PER_DAY = 86400

Secret = dict[str, Any]

_running: dict[str, threading.Lock] = {}


def install() -> None:
    """Replace ministack's RotateSecret and DescribeSecret, add CancelRotateSecret."""
    _with_dates(secretsmanager._describe_secret)
    replace(secretsmanager._rotate_secret, rotate_secret)
    original = secretsmanager.handle_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        if headers.get("x-amz-target", "").endswith(".CancelRotateSecret"):
            return cancel_rotate_secret(json.loads(body))
        response: Response = await original(method, path, headers, body, query)
        return response

    replace(original, handle_request)


def rotate_secret(data: Mapping[str, Any]) -> Response:
    """The RotateSecret operation."""
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    if refused := _refusal(secret, data):
        return refused
    function = data.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
    secret["RotationLambdaARN"] = function
    secret["RotationRules"] = data.get("RotationRules") or secret.get("RotationRules")
    secret["RotationEnabled"] = True
    pending, _ = secretsmanager._find_stage_version(secret, "AWSPENDING")
    current, _ = secretsmanager._find_stage_version(secret, "AWSCURRENT")
    if pending and pending != current:
        _start(secret, pending, _STEPS)
        return refusal(
            "InvalidRequestException",
            "A previous rotation isn't complete. That rotation will be reattempted.",
        )
    immediately = data.get("RotateImmediately", True)
    token = data.get("ClientRequestToken") or new_uuid()
    described = {"ARN": secret["ARN"], "Name": secret["Name"]}
    if immediately:
        described["VersionId"] = token
    _begin(secret, token)
    _start(secret, token, _STEPS if immediately else ("testSecret",))
    return answer(described)


def cancel_rotate_secret(data: Mapping[str, Any]) -> Response:
    """The CancelRotateSecret operation: no further rotation; a version that is pending stays so."""
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    if not secret:
        return _not_found()
    secret["RotationEnabled"] = False
    for member in ("RotationLambdaARN", "RotationRules"):
        secret.pop(member, None)
    return answer({"ARN": secret["ARN"], "Name": secret["Name"]})


def _refusal(secret: Secret | None, data: Mapping[str, Any]) -> Response | None:
    if not secret:
        return _not_found()
    if secret.get("DeletedDate"):
        return refusal(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )
    function = data.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
    if not function:
        return refusal(
            "InvalidRequestException",
            "No Lambda rotation function ARN is associated with this secret.",
        )
    service = "secretsmanager.amazonaws.com"
    if not authorization.service_may_invoke(service, function, source_arn=secret["ARN"]):
        return refusal(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy "
            f"grants access to the principal {service}",
        )
    return None


def _not_found() -> Response:
    return refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")


def _begin(secret: Secret, token: str) -> None:
    """Label an empty version AWSPENDING, which the rotation function fills under its id."""
    secretsmanager._remove_stage_everywhere(secret, "AWSPENDING")
    secret["Versions"][token] = {
        "SecretString": None,
        "SecretBinary": None,
        "CreatedDate": int(time.time()),
        "Stages": ["AWSPENDING"],
    }


def _start(secret: Secret, token: str, steps: tuple[str, ...]) -> None:
    spawn_background(_rotate, secret, token, steps, thread_name=f"rotate-{secret['Name']}")


def _rotate(secret: Secret, token: str, steps: tuple[str, ...]) -> None:
    """Run the steps until all succeed, the retries are used up, or the rotation is cancelled.

    An earlier rotation of the secret may be running: the function moves AWSCURRENT before its last answer is back,
    so a new one may begin meanwhile, and waits. When the earlier one had the same token, nothing is left to do.
    """
    with _running.setdefault(secret["ARN"], threading.Lock()):
        if not _is_pending(secret, token):
            return
        for pause in (*_RETRY_SECONDS, None):
            if _run_steps(secret, token, steps):
                _finish(secret, token, steps)
                return
            if pause is None or not secret.get("RotationEnabled"):
                _LOG.error("rotation of %s is given up until RotateSecret is called again", secret["Name"])
                return
            time.sleep(pause)


def _is_pending(secret: Secret, token: str) -> bool:
    """Whether a version still waits for its rotation; one that only tested the function is deleted by then."""
    stages = secret["Versions"].get(token, {}).get("Stages", ())
    return "AWSPENDING" in stages and "AWSCURRENT" not in stages


def _run_steps(secret: Secret, token: str, steps: tuple[str, ...]) -> bool:
    for step in steps:
        function = secret.get("RotationLambdaARN")
        event = {"Step": step, "SecretId": secret["ARN"], "ClientRequestToken": token}
        try:
            outcome = client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        except Exception as error:
            _LOG.error("rotation of %s: %s was not invoked: %s", secret["Name"], step, error)
            return False
        if "FunctionError" in outcome:
            failure = json.load(outcome["Payload"])
            _LOG.error("rotation of %s: %s failed: %s", secret["Name"], step, failure.get("errorMessage"))
            return False
    return True


def _finish(secret: Secret, token: str, steps: tuple[str, ...]) -> None:
    if steps != _STEPS:
        secret["Versions"].pop(token, None)
        return
    current, _ = secretsmanager._find_stage_version(secret, "AWSCURRENT")
    if current != token:
        _LOG.error("rotation of %s: finishSecret left AWSCURRENT at another version", secret["Name"])
        return
    secret["LastRotatedDate"] = int(time.time())
    _LOG.info("rotation of %s finished", secret["Name"])


def _with_dates(original: Any) -> None:
    """Let DescribeSecret tell when the secret was rotated and when it will be."""

    def describe_secret(data: Mapping[str, Any]) -> Response:
        status, headers, body = original(data)
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        if status != 200 or not secret or "LastRotatedDate" not in secret:
            return status, headers, body
        page = json.loads(body)
        page["LastRotatedDate"] = secret["LastRotatedDate"]
        days = (secret.get("RotationRules") or {}).get("AutomaticallyAfterDays")
        if days and secret.get("RotationEnabled"):
            page["NextRotationDate"] = secret["LastRotatedDate"] + int(days) * _SECONDS_PER_DAY
        return status, headers, json.dumps(page).encode()

    replace(original, describe_secret)
