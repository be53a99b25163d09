"""Web ACLs: what AWS WAF refuses to associate, and logging configurations, which ministack lacks.

docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html and …/API_PutLoggingConfiguration.html; where logs
may go from docs.aws.amazon.com/waf/latest/developerguide/logging-destinations.html. Rules are recorded: no request is
judged by them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudwatch_logs, waf

from local.emulator.patching import replace
from local.emulator.responses import Response, answer, refusal

_GATEWAY = ":gateway/"
_NAME = r"aws-waf-logs-[^:/*]+"
_DESTINATIONS = re.compile(
    rf"arn:aws:logs:[a-z0-9-]+:\d{{12}}:log-group:(?P<group>{_NAME})(:\*)?"
    rf"|arn:aws:firehose:[a-z0-9-]+:\d{{12}}:deliverystream/{_NAME}|arn:aws:s3:::{_NAME}(/.*)?"
)

_logging: dict[str, dict[str, Any]] = {}

Data = Mapping[str, Any]


def install(gateway_exists: Callable[[str], bool]) -> None:
    """Check associations from now on, `gateway_exists` telling of an AgentCore gateway by its ARN; add logging."""
    _check_associations(gateway_exists)
    _keep_what_is_associated()
    _serve_logging()


def of(resource_arn: str) -> str | None:
    """The ARN of the web ACL that a resource is associated with."""
    found: str | None = waf._associations.get(resource_arn)
    return found


def forget(resource_arn: str) -> None:
    """End the association of a resource that ends."""
    waf._associations.pop(resource_arn, None)


def _check_associations(gateway_exists: Callable[[str], bool]) -> None:
    original = waf._associate_web_acl

    def associate_web_acl(data: Data) -> Response:
        resource, acl = data.get("ResourceArn", ""), data.get("WebACLArn", "")
        if ":regional/webacl/" not in acl:
            return refusal("WAFInvalidParameterException", f"Only a regional web ACL can be associated, not {acl}")
        if _GATEWAY in resource and not gateway_exists(resource):
            return refusal("WAFNonexistentItemException", f"The gateway {resource} does not exist")
        response: Response = original(data)
        return response

    # ministack builds its table of handlers for each request: the module's name is what counts.
    replace(original, associate_web_acl)


def _keep_what_is_associated() -> None:
    original = waf.delete_web_acl_record

    def delete_web_acl_record(uid: str, scope: str) -> None:
        users = sorted(resource for resource, acl in waf._associations.items() if acl.endswith(f"/{uid}"))
        if users:
            raise ValueError(f"WAFAssociatedItemException: the web ACL is associated with {', '.join(users)}")
        original(uid, scope)
        for arn in [arn for arn in _logging if arn.endswith(f"/{uid}")]:
            del _logging[arn]

    replace(original, delete_web_acl_record)
    deletion = waf._delete_web_acl

    def delete_web_acl(data: Data) -> Response:
        try:
            response: Response = deletion(data)
        except ValueError as error:
            return refusal("WAFAssociatedItemException", str(error))
        return response

    replace(deletion, delete_web_acl)


def _serve_logging() -> None:
    operations = {
        "PutLoggingConfiguration": _put,
        "GetLoggingConfiguration": _get,
        "DeleteLoggingConfiguration": _delete,
        "ListLoggingConfigurations": _list,
    }
    original = waf.handle_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        operation = operations.get(headers.get("x-amz-target", "").rpartition(".")[2])
        if operation is not None:
            return operation(json.loads(body or b"{}"))
        response: Response = await original(method, path, headers, body, query)
        return response

    replace(original, handle_request)


def _put(data: Data) -> Response:
    configuration = dict(data.get("LoggingConfiguration") or {})
    arn, destinations = configuration.get("ResourceArn", ""), configuration.get("LogDestinationConfigs") or []
    _, error = waf._resolve_local_web_acl(arn)
    if error:
        refused: Response = error
        return refused
    match = _DESTINATIONS.fullmatch(destinations[0]) if len(destinations) == 1 else None
    if match is None:
        return refusal(
            "WAFInvalidParameterException",
            "The logs of a web ACL go to exactly one log group, delivery stream or bucket whose name begins with "
            f"aws-waf-logs-, not to {', '.join(map(str, destinations)) or 'none'}",
        )
    if match["group"] and match["group"] not in cloudwatch_logs._log_groups:
        return refusal("WAFLogDestinationPermissionIssueException", f"The log group {match['group']} does not exist")
    _logging[arn] = configuration
    return answer({"LoggingConfiguration": configuration})


def _get(data: Data) -> Response:
    found = _logging.get(data.get("ResourceArn", ""))
    return answer({"LoggingConfiguration": found}) if found else _missing()


def _delete(data: Data) -> Response:
    return answer({}) if _logging.pop(data.get("ResourceArn", ""), None) else _missing()


def _list(_: Data) -> Response:
    return answer({"LoggingConfigurations": list(_logging.values())})


def _missing() -> Response:
    return refusal("WAFNonexistentItemException", "The web ACL has no logging configuration")
