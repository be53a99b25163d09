"""The services behind the examples in config/targets: a weather API, a service desk's MCP server, its login.

They run on this machine, each at a host name that the edge is told, and keep what reached them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from mcp.server.mcpserver import MCPServer

from tests.http_server import JsonHandler, listening
from tests.local.stand_ins import AuthorizationServer, Headers, authorization_server, mcp_server

WEATHER, TICKETS, LOGIN = "weather.example.com", "mcp.example.com", "login.example.com"
API_KEY = "key-of-the-weather-service"
CLIENT = ("foundation-gateway", "secret-of-the-gateways-client")
TOKEN_PREFIX = "token-of-the-service-desk-"

tickets = MCPServer("tickets")


@tickets.tool()
def find_ticket(number: int) -> str:
    """Find a ticket by its number."""
    return f"ticket {number} is open"


@dataclass
class Weather:
    """A REST API that wants a key.

    Attributes:
        port: where it listens.
        asked: path and headers of each request.
    """

    port: int = 0
    asked: list[tuple[str, Headers]] = field(default_factory=list)

    def answer(self, path: str, headers: Headers) -> tuple[int, dict[str, str]]:
        """Its answer; it repeats a wrong key, as careless services do."""
        self.asked.append((path, headers))
        key = headers.get("x-api-key")
        if key != API_KEY:
            return 403, {"error": f"the key {key} is wrong"}
        return 200, {"path": path, "forecast": "sun"}


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """The running services."""

    weather: Weather
    login: AuthorizationServer
    tickets_port: int
    tickets: list[Headers]
    revoked: set[str]

    @property
    def hosts(self) -> dict[str, int]:
        """Their ports by the names that targets call them by."""
        return {WEATHER: self.weather.port, TICKETS: self.tickets_port, LOGIN: self.login.port}


@contextmanager
def services_elsewhere() -> Iterator[Elsewhere]:
    """Run all of them. The service desk admits the tokens that its login gave and that are not `revoked`."""
    with ExitStack() as running:
        weather = running.enter_context(_weather_service())
        login = running.enter_context(
            authorization_server(client=CLIENT, address=f"https://{LOGIN}", token_prefix=TOKEN_PREFIX)
        )
        revoked: set[str] = set()

        def admits(headers: Headers) -> bool:
            token = headers.get("authorization", "").removeprefix("Bearer ")
            return token in login.given and token not in revoked

        port, seen = running.enter_context(mcp_server(tickets, admits=admits))
        yield Elsewhere(weather=weather, login=login, tickets_port=port, tickets=seen, revoked=revoked)


@contextmanager
def _weather_service() -> Iterator[Weather]:
    service = Weather()

    class Handler(JsonHandler):
        def do_GET(self) -> None:
            self.answer(*service.answer(self.path, {name.lower(): value for name, value in self.headers.items()}))

    with listening(Handler) as service.port:
        yield service
