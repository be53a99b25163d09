"""Parameter Store: what IAM is asked about reading many parameters, and the limits of pages and values.

docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html: GetParametersByPath is asked for
the path as for a parameter, GetParameters and DeleteParameters for each name. ministack asks for `*` in these cases,
which only a policy for every parameter allows. The limits of a tier are in
docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions, iam_evaluator, router
from ministack.services import ssm

from local.emulator.patching import replace
from local.emulator.responses import Response, refusal
from local.emulator.settings import ACCOUNT, REGION

_MOST_BY_PATH = 10
_MOST_STANDARD = 10_000
_LONGEST = {"Standard": 4096, "Advanced": 8192}
_MANY = ("GetParameters", "DeleteParameters")


def install() -> None:
    """Ask IAM and check pages like Parameter Store from now on."""
    _name_resources()
    _check_requests()
    _check_values()


def _resources(headers: Mapping[str, str], body: bytes) -> list[str]:
    """The ARNs that an operation on many parameters is about; none for every other operation."""
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    if operation not in (*_MANY, "GetParametersByPath"):
        return []
    data = _data(body)
    names = [data.get("Path")] if operation == "GetParametersByPath" else data.get("Names") or []
    return [_arn(name) for name in names if isinstance(name, str) and name]


def _data(body: bytes) -> Mapping[str, Any]:
    """The request; an unreadable one is empty here and refused by the operation itself."""
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _arn(name: str) -> str:
    return name if name.startswith("arn:") else f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/{name.lstrip('/')}"


def _name_resources() -> None:
    original = iam_actions.extract_resource_arn

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> Any:
        named = _resources(headers, body) if service == "ssm" else []
        return named[0] if named else original(service, method, path, headers, body, *rest)

    replace(original, extract_resource_arn)


def _check_requests() -> None:
    original = ssm.handle_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        key = router.extract_access_key_id(headers, query)
        for resource in _resources(headers, body)[1:]:
            action = f"ssm:{operation}"
            if iam_evaluator.enforce(key, action, "ssm", REGION, resource_arn=resource) is not None:
                caller = iam_evaluator.caller_arn()
                message = f"User: {caller} is not authorized to perform: {action} on resource: {resource}"
                return refusal("AccessDeniedException", message)
        if operation == "GetParametersByPath" and (refused := _page_refusal(_data(body))):
            return refused
        response: Response = await original(method, path, headers, body, query)
        return response

    replace(original, handle_request)


def _page_refusal(data: Mapping[str, Any]) -> Response | None:
    size, path = data.get("MaxResults", _MOST_BY_PATH), data.get("Path", "")
    if not path.startswith("/"):
        return refusal("ValidationException", f"The parameter path {path!r} must begin with a slash")
    if size > _MOST_BY_PATH:
        return refusal(
            "ValidationException",
            f"1 validation error detected: Value '{size}' at 'maxResults' failed to satisfy constraint: Member must "
            f"have value less than or equal to {_MOST_BY_PATH}",
        )
    return None


def _check_values() -> None:
    original = ssm._put_parameter

    def put_parameter(data: Mapping[str, Any]) -> Response:
        tier, size = data.get("Tier") or "Standard", len(str(data.get("Value", "")).encode())
        if size > (longest := _LONGEST.get(tier, size)):
            message = f"{tier} tier parameters support a maximum parameter value of {longest} characters, not {size}."
            return refusal("ValidationException", message)
        standard = sum(1 for parameter in ssm._parameters.values() if parameter.get("Tier", "Standard") == "Standard")
        if tier == "Standard" and standard >= _MOST_STANDARD and data.get("Name") not in ssm._parameters:
            message = f"An account has at most {_MOST_STANDARD} parameters of the standard tier."
            return refusal("ParameterLimitExceeded", message)
        response: Response = original(data)
        return response

    replace(original, put_parameter)
