"""Environment variables that Lambda would refuse are refused before, with numbers."""

from pathlib import Path

import pytest
from aws_cdk import Aws, Stack, aws_logs as logs

from foundation.variables import LARGEST, VariablesError, check_variables
from stacks.settings.agreement import PROVIDER_BYTES
from tests.unit.settings_support import Config

AROUND = len('{"NAME":""}')


def test_all_variables_together_may_have_what_lambda_takes() -> None:
    check_variables("gateway_request", {"NAME": "x" * (LARGEST - AROUND)})
    with pytest.raises(VariablesError) as caught:
        check_variables("gateway_request", {"NAME": "x" * (LARGEST - AROUND + 1)})
    assert str(caught.value) == (
        "lambda/gateway_request: its environment variables have 4097 bytes and Lambda takes 4096: shorten NAME, which "
        "has 4088 of them"
    )


@pytest.mark.parametrize("letter", ['"', "é"])
def test_bytes_are_counted_as_lambda_counts_them(letter: str) -> None:
    check_variables("x", {"NAME": letter * ((LARGEST - AROUND) // 2)})
    with pytest.raises(VariablesError):
        check_variables("x", {"NAME": letter * ((LARGEST - AROUND) // 2 + 1)})


def test_what_only_a_deployment_knows_is_not_counted() -> None:
    group = logs.LogGroup(Stack(), "Logs").log_group_name
    text = f"{Aws.REGION}{group}"
    assert "Token[" in text
    check_variables("x", {"NAME": text + "x" * (LARGEST - AROUND)})


PROVIDER = {"kind": "oidc", "discovery_url": "https://idp.example.com/.well-known/openid-configuration"}


@pytest.mark.parametrize(("clients", "fits"), [(100, True), (200, False)])
def test_settings_say_when_a_provider_needs_too_much(tmp_path: Path, clients: int, fits: bool) -> None:
    config = Config(tmp_path)
    allowed = [f"0oa1b2c3d4e5{number:05}" for number in range(clients)]
    config.environment["identity"] = {"provider": {**PROVIDER, "allowed_clients": allowed}}
    del config.tenant["agents"]["finance-agent"]["scopes"]
    config.tenant["agents"]["finance-agent"] |= {"client_id": allowed[0]}
    mistakes = config.mistakes()
    if fits:
        assert mistakes == []
    else:
        (mistake,) = mistakes
        assert mistake.startswith("config/dev.yaml: identity.provider: has 4998 bytes")
        assert f"environment variable and Lambda leaves {PROVIDER_BYTES}: shorten allowed_clients, which" in mistake
