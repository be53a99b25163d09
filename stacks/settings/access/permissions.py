"""What each agent may call, as Cedar decides it, for its `permissions` claim and for the table of who can call what.

Cedar evaluates the policies on what is known before a call: the agent's claims, the tool, the gateway. What depends on
a call's arguments stays open: a permit that needs them counts, a forbid that needs them does not.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import cedarpy

from foundation.policy_text import GATEWAY_PLACEHOLDER, PolicyText
from stacks.settings.access.cedar_text import action
from stacks.settings.access.offer import SEPARATOR, Offer
from stacks.settings.identity import ClaimNames

DENY = cedarpy.Decision.Deny


def tags_of(entry: Mapping[str, object], names: ClaimNames, *, scopes: Sequence[str]) -> dict[str, str]:
    """An agent's tags as AgentCore makes them of its claims: text as it is, anything else as its JSON.

    Args:
        entry: its entry in the directory.
        names: what the provider calls the claims.
        scopes: its scopes, which a token has all unless the agent asks for fewer.
    """
    values = {name: entry[field] for field, name in names.of_agents.items()}
    tags = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    return {**tags, names.scope: " ".join(scopes)}


@dataclass(frozen=True)
class Decisions:
    """Cedar's decisions about a gateway's tools.

    Attributes:
        parents: the target of each action, by the action's name; None for targets.
    """

    parents: Mapping[str, str | None]

    @cached_property
    def _actions(self) -> cedarpy.Entities:
        actions = [
            {"uid": _uid("Action", name), "attrs": {}, "parents": [_uid("Action", parent)] if parent else []}
            for name, parent in self.parents.items()
        ]
        return cedarpy.Entities.from_json_str(json.dumps(actions))

    def possible(self, tags: Mapping[str, str], policies: Iterable[PolicyText], among: Collection[str]) -> set[str]:
        """The actions among `among` that a caller with these tags may call, with some arguments at least.

        Args:
            tags: the caller's claims.
            policies: all that can matter for it.
            among: tools by their full name.
        """
        parsed, entities = _parsed(policies), self._entities(tags)
        return {
            name
            for name in among
            if cedarpy.is_authorized_partial(_request(name, None), parsed, entities).decision is not DENY
        }

    def operations(
        self, tags: Mapping[str, str], policies: Iterable[PolicyText], name: str, among: Sequence[str]
    ) -> list[str]:
        """The operations among `among` of one tool that a caller with these tags may call, without other arguments."""
        requests = [_request(name, {"input": {"operation": operation}}) for operation in among]
        results = cedarpy.is_authorized_batch(requests, _parsed(policies), self._entities(tags))
        return [operation for operation, result in zip(among, results, strict=True) if result.allowed]

    def _entities(self, tags: Mapping[str, str]) -> cedarpy.Entities:
        caller = {"uid": _uid("OAuthUser", "caller"), "attrs": {"id": "caller"}, "parents": [], "tags": dict(tags)}
        return self._actions.with_added_json_str(json.dumps([caller]))


def _parsed(policies: Iterable[PolicyText]) -> cedarpy.PolicySet:
    return cedarpy.PolicySet.from_str("\n".join(policy.statement for policy in policies))


def _request(name: str, context: Mapping[str, object] | None) -> dict[str, Any]:
    """What AgentCore asks Cedar about a call of the tool `name`; without a context, about any call of it."""
    return {
        "principal": 'AgentCore::OAuthUser::"caller"',
        "action": action(name),
        "resource": GATEWAY_PLACEHOLDER,
        "context": context,
    }


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": f"AgentCore::{kind}", "id": name}


def compact(allowed: Collection[str], offer: Offer) -> tuple[str, ...]:
    """Tools as `<target>/<tool>`, or `<target>/*` where they are all of the target; sorted.

    Args:
        allowed: full names; `<target>___*` stands for the tools of a target that nobody knows.
        offer: what the gateway offers.
    """
    by_target: dict[str, set[str]] = {}
    for name in allowed:
        target, _, tool = name.partition(SEPARATOR)
        by_target.setdefault(target, set()).add(tool)
    found: list[str] = []
    for target, tools in by_target.items():
        whole = offer.targets[target].complete and tools >= set(offer.targets[target].tools)
        found += [f"{target}/*"] if whole or "*" in tools else [f"{target}/{tool}" for tool in tools]
    return tuple(sorted(found))
