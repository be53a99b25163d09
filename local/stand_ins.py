"""Servers of this machine that stand for services elsewhere, so that targets of the settings can be tried without AWS.

A developer writes them into `stand-ins.yaml` in the state folder: host names that the edge serves by ports of this
machine, and secrets that are in the emulated Secrets Manager before anything is deployed. The settings stay as they are
for AWS: docs/guides/targets.md shows both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from local.agent import SECRET_PREFIX, Account
from local.failure import LocalRunError
from local.layout import Layout

_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_KEYS = ("hosts", "secrets")


@dataclass(frozen=True, kw_only=True)
class StandIns:
    """What stands for services elsewhere. Representations leave the secrets out.

    Attributes:
        hosts: ports of 127.0.0.1, where plain HTTP is served, by the host names that are called over https.
        secrets: the JSON objects of secrets by the secrets' names.
    """

    hosts: Mapping[str, int] = field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, layout: Layout) -> StandIns:
        """Read the state folder's file; nothing stands for anything when there is none.

        Raises LocalRunError with a sentence for each mistake, which tells no secret.
        """
        file = layout.shown(layout.stand_ins)
        try:
            page = yaml.safe_load(layout.stand_ins.read_text(encoding="utf-8")) or {}
        except FileNotFoundError:
            return cls()
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            place = f"line {mark.line + 1}" if mark else "it"
            raise LocalRunError(f"{file}: {place} is no YAML: mend it, or remove the file.") from None
        if mistakes := list(_mistakes(page)):
            raise LocalRunError("\n".join(f"{file}: {mistake}." for mistake in mistakes))
        return cls(hosts=page.get("hosts", {}), secrets=page.get("secrets", {}))

    def put(self, layout: Layout, account: Account) -> None:
        """Tell the edge the hosts, those of an earlier time forgotten, and store the secrets."""
        layout.hosts_file.write_text(json.dumps(dict(self.hosts)), encoding="utf-8")
        for name, content in self.secrets.items():
            account.put_secret(name, json.dumps(dict(content)))


def _mistakes(page: Any) -> Iterator[str]:
    """What is wrong with the file's content, a sentence each."""
    if not isinstance(page, dict):
        yield f"holds no keys: write {' and '.join(_KEYS)}"
        return
    for key in page.keys() - set(_KEYS):
        yield f"{key}: is not known: write {' or '.join(_KEYS)}"
    hosts, secrets = page.get("hosts", {}), page.get("secrets", {})
    if isinstance(hosts, dict):
        for host, port in hosts.items():
            yield from _host_mistakes(host, port)
    else:
        yield "hosts: holds no names: write lines like `weather.example.com: 8080`"
    if isinstance(secrets, dict):
        for name, content in secrets.items():
            yield from _secret_mistakes(name, content)
    else:
        yield "secrets: holds no names: write lines like `foundation/dev/targets/weather: {api_key: any-text}`"


def _host_mistakes(host: Any, port: Any) -> Iterator[str]:
    if not isinstance(host, str) or not _HOST.fullmatch(host):
        yield f"hosts: {host!r} is no host name in lower-case letters: write one like weather.example.com"
    if type(port) is not int or not 0 < port < 65536:
        yield f"hosts.{host}: {port!r} is no port: write a number from 1 to 65535"


def _secret_mistakes(name: Any, content: Any) -> Iterator[str]:
    if not isinstance(name, str) or name.startswith(SECRET_PREFIX):
        yield f"secrets: {name!r} is no name for a secret of yours: write one like foundation/dev/targets/weather"
    texts = isinstance(content, dict) and all(isinstance(part, str) for pair in content.items() for part in pair)
    if not texts or not content:
        yield f"secrets.{name}: is no object of texts: write one like {{api_key: any-text}}, numbers in quotes"
