"""The service as it runs, over HTTP: real uvicorn, FastAPI, Strands and MCP; the store in moto, a scripted model."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import uvicorn
from sse_starlette.sse import AppStatus

from conversation_agent.__main__ import Server
from conversation_agent.app import Service, create_app
from conversation_agent.settings import Settings
from conversation_agent.turns import Backend
from conversations import Conversations, Limits
from gateway_agent.tokens import TokenSource
from scripted_model import Script, ScriptedModel
from tests.sse import Event, events
from tests.unit.agent_services import SECRET, TARGET, AgentServices
from tests.unit.conversations_support import RETENTION_DAYS, TABLE, World

ACCOUNT_ID = "123456789012"
FINANCE = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/finance-team/jane"
JANE = f"arn:aws:iam::{ACCOUNT_ID}:user/people/jane"
SHARED_ROLE = "AWSReservedSSO_Analysts_0123456789abcdef"


def variables(services: AgentServices) -> dict[str, str]:
    """The environment of the function."""
    return {
        "FOUNDATION_ENVIRONMENT": "test",
        "FOUNDATION_AGENT": "acme-corp/finance-agent",
        "FOUNDATION_ACCOUNT_ID": ACCOUNT_ID,
        "FOUNDATION_CALLERS": json.dumps(["role/finance-team", "user/jane", f"role/{SHARED_ROLE}"]),
        "FOUNDATION_CONVERSATION_TABLE": TABLE,
        "FOUNDATION_RETENTION_DAYS": str(RETENTION_DAYS),
        "FOUNDATION_GATEWAY_URL": services.gateway_url,
        "FOUNDATION_SECRET": SECRET,
    }


def as_principal(arn: str) -> dict[str, str]:
    """The header that the Web Adapter sets for a verified principal."""
    return {"x-amzn-request-context": json.dumps({"authorizer": {"iam": {"userArn": arn}}})}


def question(message: str, *, request_id: str | None = None, conversation_id: str | None = None) -> dict[str, Any]:
    """A request's body."""
    body = {"message": message, "request_id": request_id or str(uuid.uuid4())}
    return body | ({"conversation_id": conversation_id} if conversation_id else {})


class _Server(Server):
    """The service's own server, in a thread of the tests."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)


@dataclass
class Running:
    """A service that runs.

    Attributes:
        origin: where it answers.
        service: what its routes share.
        script: what the model says.
        server: uvicorn.
        client: a client that calls as role finance-team.
    """

    origin: str
    service: Service
    script: Script
    server: _Server
    client: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx2.Client(base_url=self.origin, headers=as_principal(FINANCE), timeout=20, trust_env=False)

    def stop(self) -> None:
        """What SIGTERM does."""
        self.server.loop.call_soon_threadsafe(self._signalled)

    def _signalled(self) -> None:
        self.server.handle_exit(signal.SIGTERM, None)
        # sse_starlette notes it for the whole process, in which gateways of other tests go on streaming.
        AppStatus.should_exit = False

    def ask(self, body: dict[str, Any], **headers: str) -> list[Event]:
        """The events of an answer."""
        with self.client.stream("POST", "/stream", json=body, headers=headers) as response:
            assert response.status_code == 200, response.read()
            return list(events(response))

    def messages(self, conversation_id: str) -> list[dict[str, Any]]:
        """The stored messages of a conversation."""
        found = self.client.get(f"/api/conversations/{conversation_id}", params={"limit": 200})
        assert found.status_code == 200, found.text
        return list(found.json()["messages"])

    def stored(self, conversation_id: str, *, until: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The stored messages as soon as they are as wanted."""
        for _ in range(400):
            messages = self.messages(conversation_id)
            if until(messages):
                return messages
            time.sleep(0.025)
        raise AssertionError(messages)


def names(found: Sequence[Event]) -> list[str]:
    """The names of events, neighbours of one name once."""
    return [name for index, (name, _) in enumerate(found) if index == 0 or found[index - 1][0] != name]


def the(found: Sequence[Event], name: str) -> dict[str, Any]:
    """The one event of a name."""
    [data] = [data for one, data in found if one == name]
    return data


def script(*turns: Sequence[dict[str, Any]]) -> Script:
    """What the model says, a list of steps for each of its calls."""
    return Script.parse(json.dumps({"turns": turns}))


def uses(tool: str, **arguments: Any) -> list[dict[str, Any]]:
    """A call of a tool of the gateway."""
    return [{"tool": f"{TARGET}___{tool}", "input": arguments}]


def says(text: str, pieces: int = 1) -> list[dict[str, Any]]:
    """An answer."""
    return [{"text": text, "pieces": pieces}]


def store(
    world: World, *, tenant: str = "acme-corp", agent: str = "finance-agent", lease_seconds: float = 30.0
) -> Conversations:
    """A store on the wall clock."""
    limits = Limits(lease_seconds=lease_seconds, checkpoint_seconds=0.0)
    return Conversations(
        TABLE, tenant=tenant, agent=agent, retention_days=RETENTION_DAYS, client=world.client, limits=limits
    )


def backend(world: World, services: AgentServices, played: Script, *, instructions: str = "Answer.") -> Backend:
    """Store and agent, with a model that is asked again at once when it is throttled."""
    from conversation_agent.assistant import Assistant  # noqa: PLC0415 - the service loads it late, too

    tokens = TokenSource(SECRET, secrets=services.client("secretsmanager"), http=services.http(), sleep=lambda _: None)
    return Backend(
        conversations=store(world),
        assistant=Assistant(
            gateway_url=services.gateway_url,
            tokens=tokens,
            model=ScriptedModel(played),
            instructions=instructions,
            first_pause=0,
        ),
    )


@contextmanager
def running(world: World, services: AgentServices, played: Script | None = None, **changes: Any) -> Iterator[Running]:
    """The service on a free port, with `changes` of its settings."""
    played = played or script()
    settings = replace(Settings.from_environment(variables(services)), **changes)
    app = create_app(settings, lambda: backend(world, services, played))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2)
        server = _Server(config, app.state.service)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        found = Running(f"http://127.0.0.1:{listening.getsockname()[1]}", app.state.service, played, server)
        try:
            yield found
        finally:
            found.client.close()
            found.stop()
            thread.join(timeout=10)
