"""What the local gateway answers over HTTP before MCP begins, and how it follows what is deployed."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from botocore.exceptions import EndpointConnectionError

from local.gateway.request_log import JsonLines
from local.processes import free_port
from tests.unit.local_gateway_support import (
    CLIENT,
    ISSUER,
    Running,
    bearer,
    gateway_record,
    lambda_target,
    post,
    running_gateway,
    token,
)

ACCEPT = "application/json, text/event-stream"


async def _status(gateway: Running, **headers: str) -> httpx2.Response:
    return await post(gateway.url, "tools/list", params=None, accept=ACCEPT, **headers)


async def test_without_a_token_the_answer_says_where_tokens_come_from() -> None:
    async with running_gateway() as gateway:
        answer = await _status(gateway)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == (
            'Bearer error="invalid_token", scope="aws-operations/read aws-operations/write", '
            f'resource_metadata="{gateway.origin}/.well-known/oauth-protected-resource"'
        )
        assert answer.json()["error"] == {"code": -32001, "message": "Missing Bearer token"}
        metadata = await _get(f"{gateway.origin}/.well-known/oauth-protected-resource")
        assert metadata.json() == {
            "resource": gateway.url,
            "authorization_servers": [ISSUER],
            "scopes_supported": ["aws-operations/read", "aws-operations/write"],
        }


async def test_a_token_without_the_scope_is_forbidden_and_the_scopes_are_named() -> None:
    async with running_gateway() as gateway:
        answer = await _status(gateway, authorization=f"Bearer {token(scope='other/read')}")
        assert answer.status_code == 403
        assert answer.headers["www-authenticate"].startswith(
            'Bearer error="insufficient_scope", scope="aws-operations/read aws-operations/write", resource_metadata='
        )


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS", "HEAD"])
async def test_every_http_method_needs_a_token_and_then_only_post_is_served(method: str) -> None:
    async with running_gateway() as gateway, httpx2.AsyncClient(trust_env=False) as http:
        assert (await http.request(method, gateway.url)).status_code == 401
        allowed = await http.request(method, gateway.url, headers=bearer())
        assert (allowed.status_code, allowed.headers["allow"]) == (405, "POST")


async def test_a_token_in_the_query_is_not_a_token() -> None:
    async with running_gateway() as gateway:
        assert (await post(f"{gateway.url}?access_token={token()}", "tools/list")).status_code == 401


async def test_a_request_for_another_host_is_refused() -> None:
    async with running_gateway() as gateway:
        answer = await _status(gateway, authorization=f"Bearer {token()}", host="gateway.attacker.example")
        assert answer.status_code == 421


async def test_a_request_of_a_foreign_web_page_is_refused() -> None:
    async with running_gateway() as gateway:
        answer = await _status(gateway, authorization=f"Bearer {token()}", origin="https://attacker.example")
        assert answer.status_code == 403


async def test_a_request_over_six_megabytes_is_refused() -> None:
    async with running_gateway() as gateway:
        params = {"name": "aws-operations-v1___hello_world", "arguments": {"name": "x" * 6 * 1024 * 1024}}
        headers = {"authorization": f"Bearer {token()}", "accept": ACCEPT}
        assert (await post(gateway.url, "tools/call", params=params, **headers)).status_code == 413
        assert gateway.aws.invocations == []


async def test_it_listens_on_the_loopback_only() -> None:
    async with running_gateway() as gateway:
        (listener,) = gateway.supervisor._listeners.values()
        assert listener._socket.getsockname() == ("127.0.0.1", gateway.record.port)


@pytest.mark.parametrize("url", ["http://0.0.0.0:{}/mcp", "http://192.0.2.1:{}/mcp", "https://127.0.0.1:{}/mcp"])
async def test_a_url_that_is_not_on_the_loopback_is_not_listened_at(url: str, caplog: Any) -> None:
    port = free_port()
    async with running_gateway() as gateway:
        refused = gateway_record(
            port=port, gateway_id="other", url=url.format(port), refusals=("its URL is elsewhere",)
        )
        await gateway.redeploy(gateway.record, refused)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
    assert "is not served: its URL is elsewhere" in caplog.text


async def test_a_gateway_whose_checks_cannot_be_made_here_serves_nobody() -> None:
    async with running_gateway(refusals=("it has a custom transformation, which is not run here",)) as gateway:
        answer = await _status(gateway, authorization=f"Bearer {token()}")
        assert answer.status_code == 503
        assert "it has a custom transformation" in answer.json()["error"]["message"]
        assert (await _get(f"{gateway.origin}/.well-known/oauth-protected-resource")).status_code == 503


async def test_while_the_emulated_aws_is_gone_nothing_is_served_and_afterwards_it_is() -> None:
    async with running_gateway() as gateway:
        headers = {"authorization": f"Bearer {token()}"}
        assert (await _status(gateway, **headers)).status_code == 200

        def lost() -> Any:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

        read, gateway.supervisor._read = gateway.supervisor._read, lost
        await gateway.supervisor.refresh()
        answer = await _status(gateway, **headers)
        assert answer.status_code == 503
        assert "the emulated AWS at http://127.0.0.1:1 does not answer" in answer.json()["error"]["message"]
        gateway.supervisor._read = read
        await gateway.supervisor.refresh()
        assert (await _status(gateway, **headers)).status_code == 200


async def test_an_answer_of_the_control_plane_that_nobody_foresaw_ends_no_gateway(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running_gateway() as gateway:
        headers = {"authorization": f"Bearer {token()}"}

        def malformed() -> Any:
            raise KeyError("gatewayUrl")

        read, gateway.supervisor._read = gateway.supervisor._read, malformed
        for _ in range(2):
            await gateway.supervisor.refresh()
        answer = await _status(gateway, **headers)
        assert answer.status_code == 503
        assert "what is deployed at http://127.0.0.1:1 cannot be read" in answer.json()["error"]["message"]
        assert caplog.text.count("KeyError: 'gatewayUrl'") == 1, "the traceback is logged, and once"
        gateway.supervisor._read = read
        await gateway.supervisor.refresh()
        assert (await _status(gateway, **headers)).status_code == 200


async def test_a_gateway_whose_configuration_fails_is_refused_and_the_others_are_served(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running_gateway() as gateway:
        headers = {"authorization": f"Bearer {token()}"}
        good = gateway_record(port=free_port(), gateway_id="good", name="good")
        broken = replace(gateway.record, targets=(lambda_target(configuration={}),))
        for _ in range(2):
            await gateway.redeploy(broken, good)
        answer = await _status(gateway, **headers)
        assert answer.status_code == 503
        assert "gateway foundation-dev is not served" in answer.json()["error"]["message"]
        assert caplog.text.count("KeyError: 'toolSchema'") == 1, "the traceback is logged, and once"
        assert (await post(good.url, "tools/list", params=None, accept=ACCEPT, **headers)).status_code == 200
        await gateway.redeploy(gateway.record, good)
        assert (await _status(gateway, **headers)).status_code == 200


async def test_while_the_identity_provider_is_gone_nobody_is_served() -> None:
    async with running_gateway() as gateway:
        gateway.provider.down = True
        assert (await _status(gateway, authorization=f"Bearer {token()}")).status_code == 503


async def test_a_redeploy_is_followed_without_a_restart() -> None:
    async with running_gateway() as gateway:
        headers = {"authorization": f"Bearer {token()}"}
        assert (await _status(gateway, **headers)).status_code == 200
        assert gateway.record.authorizer is not None
        narrowed = replace(gateway.record.authorizer, allowed_clients=("2other",))
        await gateway.redeploy(replace(gateway.record, authorizer=narrowed))
        assert (await _status(gateway, **headers)).status_code == 403
        await gateway.redeploy(replace(gateway.record, targets=(lambda_target(name="renamed", version="2"),)))
        assert "renamed___get_time" in (await _status(gateway, **headers)).text


async def test_a_deleted_gateway_is_no_longer_served() -> None:
    async with running_gateway() as gateway:
        await gateway.redeploy()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", gateway.record.port), timeout=2).close()


async def test_a_gateway_that_moves_is_served_at_its_new_url_alone() -> None:
    async with running_gateway() as gateway:
        moved = replace(gateway.record, url=f"http://127.0.0.1:{free_port()}/mcp")
        await gateway.redeploy(moved)
        assert (await post(moved.url, "tools/list")).status_code == 401
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", gateway.record.port), timeout=2).close()
        await gateway.redeploy(replace(moved, url="http://192.0.2.1:80/mcp", refusals=("its URL is elsewhere",)))
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", moved.port), timeout=2).close()


async def test_two_gateways_are_served_each_with_its_own_authorizer() -> None:
    async with running_gateway() as gateway:
        assert gateway.record.authorizer is not None
        other = gateway_record(
            port=free_port(),
            gateway_id="second",
            name="second",
            authorizer=replace(gateway.record.authorizer, allowed_clients=("2other",)),
        )
        await gateway.redeploy(gateway.record, other)
        mine, theirs = f"Bearer {token()}", f"Bearer {token(client_id='2other')}"
        for url, header, status in [
            (gateway.url, mine, 200),
            (gateway.url, theirs, 403),
            (other.url, mine, 403),
            (other.url, theirs, 200),
        ]:
            assert (await post(url, "tools/list", authorization=header, accept=ACCEPT)).status_code == status


async def test_a_taken_port_is_named_and_tried_again(caplog: Any) -> None:
    async with running_gateway() as gateway:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            blocked = gateway_record(port=taken.getsockname()[1], gateway_id="second", name="second")
            await gateway.redeploy(gateway.record, blocked)
            assert f"gateway second cannot listen at {blocked.url}" in caplog.text
        await gateway.redeploy(gateway.record, blocked)
        assert (await post(blocked.url, "tools/list")).status_code == 401


async def test_the_request_log_has_one_line_a_request_without_tokens_and_arguments(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="local.gateway")
    async with running_gateway() as gateway:
        secret = token()
        params = {"name": "aws-operations-v1___get_time", "arguments": {"zone": "confidential-zone"}}
        headers = {"authorization": f"Bearer {secret}", "accept": ACCEPT}
        assert (await post(gateway.url, "tools/call", params=params, **headers)).status_code == 200
        assert (await _status(gateway, authorization=f"Bearer {token(client_id='2other')}")).status_code == 403
        gateway.aws.function = lambda event: ValueError(f"cannot do {event}")
        assert (await post(gateway.url, "tools/call", params=params, **headers)).status_code == 200
    lines = [JsonLines().format(record) for record in caplog.records if record.name == "local.gateway.requests"]
    called, refused, failed = (json.loads(line) for line in lines)
    assert failed["tool_error"] is True
    expected = {"gateway": "foundation-dev", "method": "tools/call", "tool": params["name"], "status": 200}
    assert called | expected == called
    assert called["client_id"] == CLIENT
    assert called["ms"] > 0
    assert refused["status"] == 403
    assert refused["reason"] == "client_id is not among the allowed clients"
    everything = "\n".join(JsonLines().format(record) for record in caplog.records)
    assert "aws-operations failed: ValueError" in everything
    assert "confidential-zone" not in everything
    assert secret.split(".")[1] not in everything


async def test_requests_are_served_side_by_side() -> None:
    async with running_gateway() as gateway:
        barrier = threading.Barrier(5, timeout=10)

        def meet(event: dict[str, Any]) -> dict[str, Any]:
            barrier.wait()
            return event

        gateway.aws.function = meet
        params = {"name": "aws-operations-v1___hello_world", "arguments": {"name": "x"}}
        headers = {"authorization": f"Bearer {token()}", "accept": ACCEPT}
        answers = await asyncio.gather(*(post(gateway.url, "tools/call", params=params, **headers) for _ in range(5)))
        assert [answer.status_code for answer in answers] == [200] * 5


async def _get(url: str) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await http.get(url)
