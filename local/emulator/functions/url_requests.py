"""What an application gets of a request to its Function URL: as the AWS Lambda Web Adapter hands it on.

https://aws.github.io/aws-lambda-web-adapter/features/request-context.html
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import lambda_svc

from local.emulator.functions.url_signatures import ReceivedRequest
from local.emulator.functions.web_process import WebRequest
from local.emulator.settings import ACCOUNT

_NOT_PASSED_ON = ("authorization", "x-amz-security-token")
"""What proves who calls is for Lambda alone."""
_SET_BY_AWS = re.compile(r"x-amzn-.*|x-amz-tenant-id|x-forwarded-(for|port|proto)")
"""Headers that Lambda or the adapter sets; a caller's own are lost."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A Function URL: its id, its settings, and the function's record with the configuration that it names."""

    url_id: str
    config: Mapping[str, Any]
    function: Mapping[str, Any]

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return str(self.function["config"]["FunctionArn"])


def passed_on(
    request: ReceivedRequest,
    target: Target,
    caller: iam_evaluator.ResolvedCredential,
    request_id: str,
    *,
    source: str,
) -> WebRequest:
    """The request as the adapter hands it to the application."""
    kept = {
        name: value
        for name, value in request.headers.items()
        if name not in _NOT_PASSED_ON and not _SET_BY_AWS.fullmatch(name)
    }
    return WebRequest(
        method=request.method,
        target=f"{request.path}?{request.query}" if request.query else request.path,
        headers=kept
        | {
            "host": request.host,
            "x-forwarded-for": source,
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-amzn-trace-id": lambda_svc._function_url_trace_root(),
            "x-amzn-request-context": json.dumps(_request_context(request, target, caller, request_id, source)),
            "x-amzn-lambda-context": json.dumps(_lambda_context(target, request_id)),
        },
        body=request.body,
    )


def _request_context(
    request: ReceivedRequest,
    target: Target,
    caller: iam_evaluator.ResolvedCredential,
    request_id: str,
    source: str,
) -> dict[str, Any]:
    now = time.time()
    return {
        "accountId": ACCOUNT,
        "apiId": target.url_id,
        "authorizer": {
            "iam": {
                "accessKey": caller.access_key_id,
                "accountId": caller.account_id,
                "callerId": caller.principal_id,
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": caller.principal_arn,
                "userId": caller.principal_id,
            }
        },
        "domainName": request.host,
        "domainPrefix": target.url_id,
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": "HTTP/1.1",
            "sourceIp": source,
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "timeEpoch": int(now * 1000),
    }


def _lambda_context(target: Target, request_id: str) -> dict[str, Any]:
    """As the adapter's runtime writes it (docs.rs/lambda_runtime, struct Context)."""
    config = target.function["config"]
    return {
        "request_id": request_id,
        "deadline": int((time.time() + config["Timeout"]) * 1000),
        "invoked_function_arn": target.arn,
        "xray_trace_id": None,
        "client_context": None,
        "identity": None,
        "env_config": {
            "function_name": config["FunctionName"],
            "memory": config["MemorySize"],
            "version": config.get("Version", "$LATEST"),
            "log_stream": "",
            "log_group": (config.get("LoggingConfig") or {}).get("LogGroup", f"/aws/lambda/{config['FunctionName']}"),
        },
    }
