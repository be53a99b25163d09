"""One gateway's address: the HTTP server there, and what lasts from one configuration of the gateway to the next."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from local.gateway.application import GatewayApplication
from local.gateway.application_log import ApplicationLog
from local.gateway.configuration import GatewayRecord, InterceptorRecord
from local.gateway.interceptors import Interceptor
from local.gateway.keys import KeySource
from local.gateway.log_delivery import LogDelivery
from local.gateway.pipeline import Pipeline
from local.gateway.policy import PolicyEngine
from local.gateway.rate_limits import RateLimits
from local.gateway.targets.assembly import Assembled, Assembly
from local.gateway.tools import Catalogue


class _Server(uvicorn.Server):
    """A uvicorn server among others: signals belong to the process, not to each of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signal handlers alone."""
        yield


class Listener:
    """An HTTP server at one gateway's address."""

    def __init__(self, record: GatewayRecord, assembly: Assembly, delivery: LogDelivery) -> None:
        self.record: GatewayRecord | None = None
        self.keys: KeySource | None = None
        self.assembly = assembly
        self.assembled = Assembled()
        self.limits = RateLimits()
        self.log = ApplicationLog(gateway_arn=record.arn, delivery=delivery)
        self.application = GatewayApplication(name=record.name, port=record.port, log=self.log)
        self.url = record.url
        family = socket.AF_INET6 if ":" in record.host else socket.AF_INET
        self._socket = socket.create_server((record.host, record.port), family=family)
        self._server = _Server(
            uvicorn.Config(self.application.asgi, log_config=None, access_log=False, timeout_graceful_shutdown=2)
        )
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))

    async def stop(self) -> None:
        """Stop listening; requests under way get two seconds."""
        self._server.should_exit = True
        await self._task
        self._socket.close()

    def pipeline(self, record: GatewayRecord) -> Pipeline:
        """Build what a request passes from a record and the assembled targets.

        Raises CedarError for a policy that is not plain Cedar.
        """
        engine = record.policy_engine
        self.limits.replace(record.rate_limits)
        return Pipeline(
            gateway=record,
            catalogue=Catalogue(
                targets=self.assembled.targets,
                with_search=record.semantic_search,
                paginated=record.paginated,
                unserved=self.assembled.unserved,
            ),
            limits=self.limits,
            policy=PolicyEngine(record=engine, gateway_arn=record.arn) if engine is not None else None,
            request_interceptor=self._interceptor(record, record.request_interceptor),
            response_interceptor=self._interceptor(record, record.response_interceptor),
        )

    def _interceptor(self, record: GatewayRecord, found: InterceptorRecord | None) -> Interceptor | None:
        return Interceptor(record=found, role=self.assembly.role(record)) if found is not None else None
