"""Settings and the code of tool servers must fit: what is declared, its name, and the way to the services it calls."""

from pathlib import Path

import pytest

from tests.unit.settings_support import Config

HANDLER = "from {package}.server import server\n\nhandler = server.handler\n"
SERVER = "from toolkit import ToolServer\n\nserver = ToolServer({name!r}, version='1.0.0')\n"
TOOL = """

@server.tool(actions={actions!r})
def tell() -> dict[str, str]:
    \"\"\"Tell something.\"\"\"
    return {{}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path)


def add_server(config: Config, monkeypatch: pytest.MonkeyPatch, *, name: str, package: str, code: str) -> None:
    """Put a tool server into the checkout and its settings, in the VPC."""
    folder = config.root / "lambda" / package
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "server.py").write_text(code)
    (folder / "handler.py").write_text(HANDLER.format(package=package))
    monkeypatch.syspath_prepend(folder.parent)
    config.environment["tool_servers"][name] = {"package": package, "in_vpc": True, "reserved_concurrency": 1}


def declaring(name: str, *actions: str) -> str:
    return SERVER.format(name=name) + TOOL.format(actions=list(actions))


def test_server_without_tools(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    add_server(config, monkeypatch, name="empty", package="server_empty", code=SERVER.format(name="empty"))
    assert config.mistakes() == [
        "config/dev.yaml: tool_servers.empty.package: 'server_empty' declares no tool: decorate a function with "
        "@server.tool in lambda/server_empty"
    ]


def test_server_under_another_name(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    add_server(config, monkeypatch, name="named", package="server_named", code=declaring("other"))
    assert config.mistakes() == [
        "config/dev.yaml: tool_servers.named.package: 'server_named' calls its server 'other': put it under "
        "tool_servers.other, the name by which targets, tools and scopes go"
    ]


def test_server_that_cannot_be_imported(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    add_server(config, monkeypatch, name="broken", package="server_broken", code="import nowhere\n")
    assert config.mistakes() == [
        "config/dev.yaml: tool_servers.broken.package: 'server_broken' cannot be imported (ModuleNotFoundError: "
        "No module named 'nowhere'): correct lambda/server_broken/server.py, line 1"
    ]


def test_server_that_is_no_python(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    add_server(config, monkeypatch, name="torn", package="server_torn", code="def tool(:\n")
    [mistake] = config.mistakes()
    assert "'server_torn' cannot be imported (SyntaxError: " in mistake
    assert mistake.endswith("correct lambda/server_torn/server.py, line 1")


def test_tool_that_is_declared_wrongly(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    add_server(config, monkeypatch, name="wild", package="server_wild", code=declaring("wild", "s3:*"))
    assert config.mistakes() == [
        "config/dev.yaml: tool_servers.wild.package: tool tell: action 's3:*' is not of the form 'service:Action' or "
        "'service:Action on resource-type', without wildcards (such as 's3:ListBucket on bucket')"
    ]


def test_services_without_a_way_out_of_the_vpc(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    code = declaring("vpc", "cloudwatch:ListMetrics", "route53:ListHostedZones", "sqs:ListQueues")
    add_server(config, monkeypatch, name="vpc", package="server_vpc", code=code)
    otherwise = "set nat_gateways to 1 or more, or tool_servers.vpc.in_vpc to false"
    assert config.mistakes() == [
        "config/dev.yaml: network.interface_endpoints: 'monitoring' is missing, which vpc calls from the VPC while "
        f"nat_gateways is 0: add it, {otherwise}",
        "config/dev.yaml: network.nat_gateways: 0 leaves vpc no way to route53, for which the kit knows no interface "
        f"endpoint: {otherwise}",
        "config/dev.yaml: network.interface_endpoints: 'sqs' is missing, which vpc calls from the VPC while "
        f"nat_gateways is 0: add it, {otherwise}",
    ]


@pytest.mark.parametrize(
    "network",
    [
        {"nat_gateways": 1},
        {"interface_endpoints": ["monitoring"]},
    ],
    ids=["by NAT", "by endpoints; S3 and DynamoDB have theirs always"],
)
def test_services_with_a_way_out_of_the_vpc(
    config: Config, monkeypatch: pytest.MonkeyPatch, network: dict[str, object]
) -> None:
    name = f"reaching-{len(network)}{'n' if 'nat_gateways' in network else 'e'}"
    code = declaring(name, "cloudwatch:ListMetrics", "s3:ListAllMyBuckets", "dynamodb:ListTables")
    add_server(config, monkeypatch, name=name, package=name.replace("-", "_"), code=code)
    config.environment["network"] |= network
    assert config.mistakes() == []


def test_more_servers_than_a_user_pool_has_resource_servers(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(25):
        name = f"many-{number}"
        add_server(config, monkeypatch, name=name, package=f"many_{number}", code=declaring(name))
    assert config.mistakes() == [
        "config/dev.yaml: tool_servers: 26 need as many resource servers and a Cognito user pool has 25: "
        "put tools of one kind into one server"
    ]
