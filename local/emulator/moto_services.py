"""AWS services that ministack does not have and moto does, answered by moto in this process.

A request has passed ministack's door by then: its signature was verified and IAM asked, under the action that the
request's own header names (both services speak AWS's JSON protocol,
https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html). What moto holds is in memory, as all of this AWS is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from ministack import app
from ministack.core import iam_actions, router
from ministack.core.concurrency import run_reentrant

from local.emulator.responses import Response, refusal
from local.emulator.settings import REGION


@dataclass(frozen=True)
class MotoService:
    """One service.

    Attributes:
        name: The name that signs its requests, which is IAM's prefix too.
        target: How its X-Amz-Target headers begin.
        host: Its host name on AWS, by which moto knows it.
    """

    name: str
    target: str
    host: str

    async def handle(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> Response:
        """What moto answers, off the event loop."""
        answer: Response = await run_reentrant(self._ask, method, path, headers, body, query)
        return answer

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query: Mapping[str, list[str]]
    ) -> Response:
        # moto takes half a second to import, which an AWS that is not asked for these services need not wait for.
        from botocore.awsrequest import AWSPreparedRequest  # noqa: PLC0415
        from botocore.compat import HTTPHeaders  # noqa: PLC0415
        from moto.core.botocore_stubber import BotocoreStubber  # noqa: PLC0415

        url = f"https://{self.host}{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        own = HTTPHeaders()
        for name, value in headers.items():
            own[name] = value
        try:
            found = BotocoreStubber().process_request(AWSPreparedRequest(method, url, own, body, False))
        except NotImplementedError as error:
            # As AWS answers it: an SDK tries what failed with a server error again and again, for seconds.
            return refusal("UnknownOperationException", f"The emulated {self.name} does not know this: {error}")
        if found is None:
            raise LookupError(f"moto has no {self.name}: take it out of local/emulator/moto_services.py")
        status, own_headers, answer = found
        content = answer.encode() if isinstance(answer, str) else answer
        return int(status), {name: str(value) for name, value in own_headers.items()}, content


SERVICES = (
    MotoService("sagemaker", "SageMaker.", f"api.sagemaker.{REGION}.amazonaws.com"),
    MotoService("ce", "AWSInsightsIndexService.", "ce.us-east-1.amazonaws.com"),
)


def install() -> None:
    """Let requests to these services in.

    Raises LookupError when ministack has one of them by now.
    """
    for service in SERVICES:
        if service.name in app.SERVICE_HANDLERS:
            raise LookupError(f"ministack has {service.name}: take it from local/emulator/moto_services.py")
        router.SERVICE_PATTERNS[service.name] = {
            "target_prefixes": [service.target],
            "credential_scope": service.name,
        }
        iam_actions.SERVICE_TO_IAM_NAMESPACE[service.name] = service.name
        app.SERVICE_HANDLERS[service.name] = service.handle
