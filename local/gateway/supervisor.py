"""Keep the listeners in step with what is deployed: one for each gateway, at the URL that it was given."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence

import httpx2
from botocore.exceptions import BotoCoreError, ClientError

from local.gateway.application import Serving
from local.gateway.authorizer import Authorizer
from local.gateway.aws import EmulatedAws
from local.gateway.configuration import GatewayRecord, JwtAuthorizer
from local.gateway.control_plane import is_loopback, read_gateways
from local.gateway.keys import KeySource
from local.gateway.listener import Listener
from local.gateway.log_delivery import LogDelivery, application_log_groups
from local.gateway.outbound import Outbound
from local.gateway.targets.assembly import Assembly

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0

_DELIVERIES_SECONDS = 5.0
"""How often the deployed log deliveries are read."""


class Supervisor:
    """Reads the control plane again and again and applies what changed."""

    def __init__(
        self,
        *,
        aws: EmulatedAws,
        http: httpx2.AsyncClient,
        outbound: Outbound,
        read: Callable[[], Sequence[GatewayRecord]] | None = None,
    ) -> None:
        self._aws = aws
        self._http = http
        self._outbound = outbound
        self._read = read or (lambda: read_gateways(aws.control))
        self._delivery = LogDelivery(lambda: aws.logs)
        self._log_groups: Mapping[str, str] = {}
        self._log_groups_read = float("-inf")
        self._listeners: dict[str, Listener] = {}
        self._complaints: dict[str, str] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set."""
        stopped = asyncio.Event()
        delivering = asyncio.create_task(self._delivery.run(stopped))
        try:
            while not stop.is_set():
                await self.refresh()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), POLL_SECONDS)
        finally:
            await asyncio.gather(*(listener.stop() for listener in self._listeners.values()))
            self._listeners.clear()
            stopped.set()
            await delivering

    async def refresh(self) -> None:
        """Read the control plane once and bring every listener up to date."""
        try:
            records = await asyncio.to_thread(self._read)
        except (ClientError, BotoCoreError) as error:
            sentence = (
                f"the emulated AWS at {self._aws.endpoint_url} does not answer; start it and this gateway is back"
            )
            self._complain_once("control plane", f"{sentence} ({error})")
            self._refuse_all(sentence)
            return
        except Exception as error:
            sentence = f"what is deployed at {self._aws.endpoint_url} cannot be read; the log of the gateway says why"
            self._complain_once("control plane", sentence, error)
            self._refuse_all(sentence)
            return
        self._complain_once("control plane", None)
        for gateway_id in self._listeners.keys() - {record.gateway_id for record in records}:
            logger.info("gateway %s is gone", self._listeners[gateway_id].application.name)
            await self._listeners.pop(gateway_id).stop()
        for record in records:
            try:
                await self._apply(record)
            except Exception as error:  # the other gateways are served on
                self._refuse(record, error)
        await self._find_log_groups()

    async def _find_log_groups(self) -> None:
        """Bring every gateway's log group up to date; when that cannot be done, it keeps the one that it had."""
        if time.monotonic() - self._log_groups_read > _DELIVERIES_SECONDS:
            try:
                self._log_groups = await asyncio.to_thread(application_log_groups, self._aws.logs)
                self._log_groups_read = time.monotonic()
                self._complain_once("log deliveries", None)
            except (ClientError, BotoCoreError) as error:
                self._complain_once("log deliveries", f"the deployed log deliveries cannot be read: {error}")
        for listener in self._listeners.values():
            listener.log.log_group = self._log_groups.get(listener.log.gateway_arn)

    def _refuse(self, record: GatewayRecord, error: Exception) -> None:
        """Refuse what comes to a gateway that cannot be configured; it is tried again at every poll."""
        sentence = f"gateway {record.name} is not served: its configuration failed; the log of the gateway says why"
        self._complain_once(record.gateway_id, sentence, error)
        if listener := self._listeners.get(record.gateway_id):
            listener.record = None
            listener.application.refuse(sentence)

    def _refuse_all(self, sentence: str) -> None:
        for listener in self._listeners.values():
            listener.record = None
            listener.application.refuse(sentence)

    async def _apply(self, record: GatewayRecord) -> None:
        listener = self._listeners.get(record.gateway_id)
        if listener is not None and listener.record == record and not listener.assembled.incomplete:
            return
        if listener is not None and listener.url != record.url:
            await self._listeners.pop(record.gateway_id).stop()
            listener = None
        if listener is None:
            listener = self._listen(record)
        if listener is not None:
            await self._configure(listener, record)
            listener.record = record

    def _listen(self, record: GatewayRecord) -> Listener | None:
        """Open the gateway's address; None when that may not or cannot be done, which is tried again at every poll."""
        if not is_loopback(record.url):
            self._complain_once(record.gateway_id, f"gateway {record.name} is not served: {'; '.join(record.refusals)}")
            return None
        try:
            listener = Listener(record, Assembly(aws=self._aws, outbound=self._outbound), self._delivery)
        except OSError as error:
            self._complain_once(
                record.gateway_id, f"gateway {record.name} cannot listen at {record.url}: {error}; free the port"
            )
            return None
        self._listeners[record.gateway_id] = listener
        return listener

    async def _configure(self, listener: Listener, record: GatewayRecord) -> None:
        if record.refusals or record.authorizer is None:
            sentence = f"gateway {record.name} is not served: {'; '.join(record.refusals)}"
            logger.error(sentence)
            listener.application.refuse(sentence)
            return
        assembled = await listener.assembly.assemble(record)
        for target in record.targets:
            why = assembled.unserved.get(target.name)
            subject = f"gateway {record.name}, target {target.name}"
            self._complain_once(subject, f"gateway {record.name}: {why}" if why else None)
        if listener.record == record and listener.assembled == assembled:
            return
        listener.assembled = assembled
        listener.keys = self._key_source(listener, record.authorizer)
        listener.application.serve(
            Serving(
                gateway=record,
                authorizer=Authorizer(configuration=record.authorizer, keys=listener.keys),
                pipeline=listener.pipeline(record),
            )
        )
        self._complain_once(record.gateway_id, None)
        count = sum(len(target.tools) for target in assembled.targets)
        served = len(assembled.targets)
        logger.info("gateway %s serves %d tools of %d targets at %s", record.name, count, served, record.url)

    def _key_source(self, listener: Listener, authorizer: JwtAuthorizer) -> KeySource:
        """Keep the cached keys as long as the identity provider stays the same."""
        if listener.keys is not None and listener.keys.discovery_url == authorizer.discovery_url:
            return listener.keys
        return KeySource(discovery_url=authorizer.discovery_url, http=self._http)

    def _complain_once(self, subject: str, sentence: str | None, error: Exception | None = None) -> None:
        """Log a sentence that would come again at every poll once, until the subject is well again.

        `error` is one that nobody foresaw: its traceback is logged as well.
        """
        if sentence is None:
            if self._complaints.pop(subject, None) is not None:
                logger.info("%s: well again", subject)
        elif self._complaints.get(subject) != sentence:
            self._complaints[subject] = sentence
            logger.error(sentence, exc_info=error)
