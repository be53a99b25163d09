"""Subscription filters: events of a log group that match go to Firehose or Lambda, if these let CloudWatch Logs.

docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html. ministack knows bare terms as patterns,
delivers to Lambda alone, and asks for no permission.
"""

from __future__ import annotations

import base64
import gzip
import json
import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.services import cloudwatch_logs, firehose, lambda_svc
from ministack.services.cloudformation import provisioners

from local.emulator import authorization
from local.emulator.log_delivery.patterns import PatternError, compile_json_pattern, is_json_pattern
from local.emulator.log_delivery.transformers import transformed
from local.emulator.patching import replace
from local.emulator.responses import Response, refusal
from local.emulator.settings import ACCOUNT

_LOG = logging.getLogger("foundation.subscriptions")
_SERVICE = "logs.amazonaws.com"
_MOST = 2
"""Subscriptions of a log group
(docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html)."""
_ATTEMPTS = 3
"""Lambda invokes asynchronously, and tries a failed event twice more."""
_PAUSE_SECONDS = 0.5

Event = Mapping[str, Any]
Filter = dict[str, Any]


def install() -> None:
    """Check subscriptions when they are made and deliver what they match, from now on."""
    _check_subscriptions()
    _keep_what_cloudformation_says()
    _match_json()
    replace(cloudwatch_logs._fanout_to_subscription_filters, deliver)


def deliver(group: str, stream: str, events: Sequence[Event]) -> None:
    """Send what a log group got to those who are subscribed to it; a failure is logged and hurts nobody else."""
    for subscription in list(cloudwatch_logs._log_groups.get(group, {}).get("subscriptionFilters", {}).values()):
        messages = [_message(subscription, group, event) for event in events]
        matches = _matcher(subscription["filterPattern"])
        log_events = [
            {"id": uuid.uuid4().hex, "timestamp": event.get("timestamp", _now()), "message": message}
            for event, message in zip(events, messages, strict=True)
            if matches(message)
        ]
        if not log_events:
            continue
        envelope = {
            "messageType": "DATA_MESSAGE",
            "owner": ACCOUNT,
            "logGroup": group,
            "logStream": stream,
            "subscriptionFilters": [subscription["filterName"]],
            "logEvents": log_events,
        }
        problem = _send(subscription, envelope)
        if problem:
            _LOG.warning("subscription %s of %s: %s", subscription["filterName"], group, problem)


def _message(subscription: Filter, group: str, event: Event) -> str:
    message = str(event.get("message", ""))
    return transformed(group, message) if subscription.get("applyOnTransformedLogs") else message


def _send(subscription: Filter, envelope: Mapping[str, Any]) -> str | None:
    """Deliver one envelope; why it could not be delivered, or None."""
    data = gzip.compress(json.dumps(envelope).encode())
    destination = subscription["destinationArn"]
    source = f"{cloudwatch_logs._make_group_arn(subscription['logGroupName'])}"
    if ":deliverystream/" in destination:
        return _to_firehose(destination, subscription.get("roleArn", ""), source, data)
    if ":function:" in destination:
        return _to_lambda(destination, source, data)
    return f"the local run delivers to Firehose and Lambda, not to {destination}"


def _to_firehose(stream_arn: str, role_arn: str, source: str, data: bytes) -> str | None:
    name = stream_arn.rpartition("/")[2]
    if not authorization.role_trusts(role_arn, _SERVICE, source_arn=source):
        return f"{role_arn} does not let {_SERVICE} assume it for {source}"
    if not authorization.role_may(role_arn, "firehose:PutRecordBatch", stream_arn):
        return f"{role_arn} may not firehose:PutRecordBatch on {stream_arn}"
    record = {"Data": base64.b64encode(data).decode()}
    status, _, body = firehose._put_record_batch({"DeliveryStreamName": name, "Records": [record]})
    answer = json.loads(body)
    return None if status == 200 and not answer["FailedPutCount"] else str(answer)


def _to_lambda(function_arn: str, source: str, data: bytes) -> str | None:
    if not authorization.service_may_invoke(_SERVICE, function_arn, source_arn=source):
        return f"{function_arn} does not let {_SERVICE} invoke it for {source}"
    function = lambda_svc._functions[authorization.function_name(function_arn)]
    event = {"awslogs": {"data": base64.b64encode(data).decode()}}
    threading.Thread(target=_invoke, args=(function, event), daemon=True).start()
    return None


def _invoke(function: Any, event: Mapping[str, Any]) -> None:
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE_SECONDS)
        outcome = lambda_svc._execute_function_with_config_scope(function, event)
        if not outcome.get("error") and not outcome.get("throttle"):
            return
    _LOG.warning("%s failed %s times: %s", function["config"]["FunctionName"], _ATTEMPTS, outcome.get("body"))


def _check_subscriptions() -> None:
    original = cloudwatch_logs._put_subscription_filter

    def put_subscription_filter(data: dict[str, Any]) -> Response:
        problem = _refusal(data)
        if problem is not None:
            return problem
        response: Response = original(data)
        if response[0] == 200:
            kept = cloudwatch_logs._log_groups[data["logGroupName"]]["subscriptionFilters"][data["filterName"]]
            kept["applyOnTransformedLogs"] = bool(data.get("applyOnTransformedLogs"))
        return response

    replace(original, put_subscription_filter)


def _refusal(data: Mapping[str, Any]) -> Response | None:
    """Why CloudWatch Logs does not take a subscription: too many, a pattern, a destination that it cannot reach."""
    group = cloudwatch_logs._log_groups.get(data.get("logGroupName"))
    if group is None:
        return refusal("ResourceNotFoundException", "The specified log group does not exist.")
    others = set(group.get("subscriptionFilters", {})) - {data.get("filterName")}
    if len(others) >= _MOST:
        return refusal("LimitExceededException", "Resource limit exceeded.")
    try:
        _matcher(data.get("filterPattern", ""))
    except PatternError as error:
        return refusal("InvalidParameterException", f"Invalid filter pattern: {error}")
    # A destination is tried when the subscription is made. Firehose then holds the message that was sent.
    destination = str(data.get("destinationArn", ""))
    service = "Firehose stream" if ":deliverystream/" in destination else "function"
    probe = {"roleArn": "", **data}
    problem = _probe(probe)
    if problem:
        return refusal("InvalidParameterException", f"Could not deliver test message to specified {service}: {problem}")
    return None


def _probe(subscription: Filter) -> str | None:
    destination = subscription["destinationArn"]
    if ":function:" in destination:
        source = cloudwatch_logs._make_group_arn(subscription["logGroupName"])
        allowed = authorization.service_may_invoke(_SERVICE, destination, source_arn=source)
        return None if allowed else f"{destination} does not let {_SERVICE} invoke it for {source}"
    text = "CWL CONTROL MESSAGE: Checking health of destination Firehose."
    envelope = {
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logGroup": "",
        "logStream": "",
        "subscriptionFilters": [],
        "logEvents": [{"id": "", "timestamp": _now(), "message": text}],
    }
    return _send(subscription, envelope)


def _keep_what_cloudformation_says() -> None:
    """Pass on the property that ministack leaves out, and let a missing log group be an error."""
    original = provisioners._cwlogs_subfilter_payload

    def payload(group: str, name: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        applies = str(properties.get("ApplyOnTransformedLogs", False)).lower() == "true"
        return {**original(group, name, properties), "applyOnTransformedLogs": applies}

    replace(original, payload)


def _match_json() -> None:
    """Let FilterLogEvents know JSON patterns too, of which ministack takes every event for a match."""
    original = cloudwatch_logs._compile_filter_pattern

    def compile_filter_pattern(pattern: str) -> Callable[[str], bool]:
        if pattern and is_json_pattern(pattern):
            return compile_json_pattern(pattern)
        matches: Callable[[str], bool] = original(pattern)
        return matches

    replace(original, compile_filter_pattern)


def _matcher(pattern: str) -> Callable[[str], bool]:
    matches: Callable[[str], bool] = cloudwatch_logs._compile_filter_pattern(pattern)
    return matches


def _now() -> int:
    return int(time.time() * 1000)
