"""What a developer writes into stand-ins.yaml, and what is said about mistakes in it."""

from pathlib import Path

import pytest

from local.failure import LocalRunError
from local.layout import Layout
from local.stand_ins import StandIns


def read(folder: Path, text: str) -> StandIns:
    layout = Layout(folder, repository=folder)
    layout.stand_ins.write_text(text)
    return StandIns.read(layout)


def test_without_a_file_nothing_stands_for_anything(tmp_path: Path) -> None:
    assert StandIns.read(Layout(tmp_path)) == StandIns()


def test_a_file_with_comments_alone_is_no_mistake(tmp_path: Path) -> None:
    assert read(tmp_path, "# later\n") == StandIns()


def test_hosts_and_secrets_are_read_and_secrets_are_not_shown(tmp_path: Path) -> None:
    text = 'hosts: {weather.example.com: 8080}\nsecrets: {foundation/dev/targets/weather: {api_key: "k 1"}}\n'
    found = read(tmp_path, text)
    assert found.hosts == {"weather.example.com": 8080}
    assert found.secrets == {"foundation/dev/targets/weather": {"api_key": "k 1"}}
    assert "k 1" not in repr(found)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hosts: [", "line 1 is no YAML: mend it, or remove the file."),
        ("- a", "holds no keys: write hosts and secrets."),
        ("host: {}", "host: is not known: write hosts or secrets."),
        ("hosts: weather.example.com", "hosts: holds no names: write lines like `weather.example.com: 8080`."),
        ("hosts:", "hosts: holds no names: write lines like `weather.example.com: 8080`."),
        (
            "hosts: {https://weather.example.com: 8080}",
            "hosts: 'https://weather.example.com' is no host name in lower-case letters: write one like "
            "weather.example.com.",
        ),
        ("hosts: {a.example.com: 0}", "hosts.a.example.com: 0 is no port: write a number from 1 to 65535."),
        ("hosts: {a.example.com: true}", "hosts.a.example.com: True is no port: write a number from 1 to 65535."),
        (
            "secrets: [a]",
            "secrets: holds no names: write lines like `foundation/dev/targets/weather: {api_key: any-text}`.",
        ),
        (
            "secrets: {foundation/dev/agents/acme-corp/finance-agent: {client_secret: a}}",
            "secrets: 'foundation/dev/agents/acme-corp/finance-agent' is no name for a secret of yours: write one like "
            "foundation/dev/targets/weather.",
        ),
    ],
)
def test_a_mistake_is_named_with_the_way_out(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(LocalRunError) as raised:
        read(tmp_path, text)
    assert str(raised.value) == f"stand-ins.yaml: {sentence}"


@pytest.mark.parametrize("content", ["s3cr3t", "{api_key: 53237}", "[s3cr3t]", "{}", "{api_key: {a: s3cr3t}}"])
def test_a_secret_that_is_no_object_of_texts_is_named_without_its_value(tmp_path: Path, content: str) -> None:
    with pytest.raises(LocalRunError) as raised:
        read(tmp_path, f"secrets: {{mine: {content}}}")
    assert "secrets.mine: is no object of texts" in str(raised.value)
    assert "s3cr3t" not in str(raised.value)
    assert "53237" not in str(raised.value)
