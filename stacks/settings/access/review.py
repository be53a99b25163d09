"""What can be wrong with hand-written Cedar, each with its place: tools, groups, claims, operations, the gateway.

Cedar's own validation says what does not fit the schema; what it cannot know is here: names that are only text to it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cedarpy
from cedarpy import pst

from foundation.policy_text import GATEWAY_ARN_CHARACTERS, STATEMENT_CHARACTERS
from stacks.settings.access.handwritten import Statement
from stacks.settings.access.offer import SEPARATOR, Offer
from stacks.settings.access.other_majors import left_open
from stacks.settings.suggestions import one_of

_ACTION, _CALLER, _GATEWAY = "AgentCore::Action", "AgentCore::OAuthUser", "AgentCore::Gateway"


@dataclass(frozen=True, kw_only=True)
class Known:
    """What statements can refer to.

    Attributes:
        offer: the gateway's targets and tools.
        schema: Cedar's schema of them.
        groups: every group, as the claim has it.
        claim: the claim that lists groups.
        claims: the claims whose values are known, the caller's tags.
    """

    offer: Offer
    schema: cedarpy.Schema
    groups: Collection[str]
    claim: str
    claims: Collection[str]


def mistakes(statement: Statement, known: Known) -> Iterator[str]:
    """A sentence for everything that is wrong with `statement`."""
    try:
        tree = statement.tree
    except ValueError as error:
        yield f"{statement.place}: is no Cedar ({error}): correct it there"
        return
    found = [
        *_scope(tree),
        *_actions(tree, known.offer),
        *_other_majors(tree, known.offer),
        *_tags(tree, known),
        *_callers(tree),
        *_operations(tree, known.offer),
    ]
    if not found and not _names_unchecked(tree, known.offer):
        found = [
            f"{_said(error.error)}: correct it there"
            for error in cedarpy.validate_policies(statement.text, known.schema).errors
        ]
    longest = STATEMENT_CHARACTERS - GATEWAY_ARN_CHARACTERS
    if len(statement.text) > longest:
        found.append(f"has {len(statement.text)} characters and a policy takes {longest} beside the ARN: split it")
    yield from (f"{statement.place}: {sentence}" for sentence in dict.fromkeys(found))


def tags_read(tree: pst.Template) -> set[str]:
    """The claims that a statement reads."""
    return {node.right.value for node in _walk(tree) if _is_tag(node) and isinstance(node.right, pst.StringLit)}


def actions_named(tree: pst.Template) -> set[str]:
    """The actions that a statement names anywhere: tools by their full name, targets by theirs."""
    return {uid.id for uid in pst.entity_uids(tree) if str(uid.type) == _ACTION}


def _scope(tree: pst.Template) -> Iterator[str]:
    """What AgentCore asks of a statement's head, and the kit of its gateway.

    https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/policy-scope.html
    """
    if any(isinstance(node, pst.Slot) for node in _walk(tree)):
        yield "is a template, which AgentCore does not take: write the caller out"
    resource = tree.resource
    named = None if isinstance(resource, pst.ScopeAny | pst.ScopeIs) else resource.entity
    if isinstance(named, pst.EntityUid) and (str(named.type), named.id) != (_GATEWAY, "gateway"):
        yield f'names {named}: write {_GATEWAY}::"gateway", which stands for the environment\'s gateway'
    elif not isinstance(tree.action, pst.ScopeAny) and not isinstance(resource, pst.ScopeEq):
        yield f'names actions without a gateway: write resource == {_GATEWAY}::"gateway"'
    if tree.effect == "permit" and isinstance(tree.action, pst.ScopeAny) and not tree.clauses:
        yield "permits everything to everybody: add a condition, or name the actions"


def _actions(tree: pst.Template, offer: Offer) -> Iterator[str]:
    for name in sorted(actions_named(tree) - {"CallTool", "Mcp"}):
        target, _, tool = name.partition(SEPARATOR)
        if target not in offer.targets:
            yield f"{name!r} is of no target of the gateway: {one_of(target, sorted(offer.targets))}"
        elif tool == "*":
            yield f'{name!r} is no tool, since Cedar knows no wildcards: write action in {_ACTION}::"{target}"'
        elif tool and offer.targets[target].complete and tool not in offer.targets[target].tools:
            yield f"{name!r} is no tool of {target}: {one_of(tool, sorted(offer.targets[target].tools))}"


def _other_majors(tree: pst.Template, offer: Offer) -> Iterator[str]:
    """A permit says nothing of other majors, which stay denied; what a forbid says nothing of stays open."""
    if tree.effect == "forbid":
        conditions = [clause for clause in tree.clauses if isinstance(clause, pst.When)]
        forbidden = {uid.id for node in (tree.action, *conditions) for uid in _actions_in(node)}
        if names := left_open(forbidden, offer):
            yield (
                "forbids a tool in one major, and another that is served has it too: name "
                f"{' and '.join(names)} as well"
            )


def _actions_in(tree: Any) -> list[pst.EntityUid]:
    return [node for node in _walk(tree) if isinstance(node, pst.EntityUid) and str(node.type) == _ACTION]


def _tags(tree: pst.Template, known: Known) -> Iterator[str]:
    for tag in sorted(tags_read(tree) - set(known.claims)):
        yield (
            f"reads the tag {tag!r}, and no claim of that name has a value that is known before a call: "
            f"{one_of(tag, sorted(known.claims))}"
        )
    if any(_is_tag(node) and not isinstance(node.right, pst.StringLit) for node in _walk(tree)):
        yield "reads a tag whose name is not written out: write it in quotes"
    for node in _walk(tree):
        if isinstance(node, pst.BinaryOp) and node.op in ("eq", "not_eq"):
            if any(_reads_groups(side, known.claim) for side in (node.left, node.right)):
                yield (
                    f"compares the tag {known.claim!r}, which holds a list as JSON: use like with "
                    '"*\\"<group>\\"*", quotes included'
                )
        elif isinstance(node, pst.Like) and _reads_groups(node.base, known.claim):
            yield from _pattern(node, known.groups)


def _pattern(node: pst.Like, groups: Collection[str]) -> Iterator[str]:
    pattern = "".join(part.value if isinstance(part, pst.Char) else "*" for part in node.pattern)
    match = re.fullmatch(r'\*"([^"*]+?)(/\*)?"\*', pattern)
    if match is None:
        yield (
            f"looks for {pattern!r} among the groups, where part of another group's name could do: write "
            '"*\\"<group>\\"*", quotes included'
        )
    elif match[2] and not any(group.startswith(f"{match[1]}/") for group in groups):
        yield f"{match[1]!r} is no tenant with groups of its own: {one_of(match[1], _tenants(groups))}"
    elif not match[2] and match[1] not in groups:
        yield f"{match[1]!r} is no group: {one_of(match[1], sorted(groups))}"


def _tenants(groups: Collection[str]) -> list[str]:
    return sorted({group.partition("/")[0] for group in groups if "/" in group})


def _callers(tree: pst.Template) -> Iterator[str]:
    named = any(str(uid.type) == _CALLER for uid in pst.entity_uids(tree))
    reads = any(
        isinstance(node, pst.GetAttr) and node == pst.GetAttr(pst.Var("principal"), "id") for node in _walk(tree)
    )
    if named or reads:
        yield 'names a caller by its sub, which only a deployment knows: use principal.getTag("agent_id")'


def _operations(tree: pst.Template, offer: Offer) -> Iterator[str]:
    """Values compared with the argument `operation` that none of the tools named has."""
    values = [value for node in _walk(tree) for value in _compared(node)]
    known = sorted({operation for tool in _tools(tree, offer) for operation in tool})
    if known:
        for value in sorted(set(values) - set(known)):
            yield f"{value!r} is an operation of none of its tools: {one_of(value, known)}"


def _tools(tree: pst.Template, offer: Offer) -> Iterator[tuple[str, ...]]:
    """The operations of each tool that the statement is about."""
    named = actions_named(tree) - {"CallTool", "Mcp"}
    for name, target, tool in offer.full_names():
        if not named or name in named or target.name in named:
            yield tool.operations


def _compared(node: Any) -> list[str]:
    if not isinstance(node, pst.BinaryOp):
        return []
    if node.op in ("eq", "not_eq") and _is_operation(node.left) and isinstance(node.right, pst.StringLit):
        return [node.right.value]
    if node.op in ("eq", "not_eq") and _is_operation(node.right) and isinstance(node.left, pst.StringLit):
        return [node.left.value]
    if node.op == "contains" and isinstance(node.left, pst.Set) and _is_operation(node.right):
        return [element.value for element in node.left.elements if isinstance(element, pst.StringLit)]
    return []


def _is_operation(node: Any) -> bool:
    return bool(node == pst.GetAttr(pst.GetAttr(pst.Var("context"), "input"), "operation"))


def _is_tag(node: Any) -> bool:
    return isinstance(node, pst.BinaryOp) and node.op in ("has_tag", "get_tag")


def _reads_groups(node: Any, claim: str) -> bool:
    return isinstance(node, pst.BinaryOp) and node.op == "get_tag" and bool(node.right == pst.StringLit(claim))


def _names_unchecked(tree: pst.Template, offer: Offer) -> bool:
    """Whether it names a tool, or a target, whose arguments only the target knows: no schema can be right there."""
    for name in actions_named(tree) - {"CallTool", "Mcp"}:
        target, _, tool = name.partition(SEPARATOR)
        known = offer.targets[target].tools.get(tool)
        if not offer.targets[target].complete or (known is not None and known.input_schema is None):
            return True
    return False


def _walk(node: Any) -> Iterator[Any]:
    """Every node below `node`, itself included."""
    yield node
    if dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            yield from _walk(getattr(node, field.name))
    elif isinstance(node, tuple):
        for item in node:
            yield from _walk(item)
    elif isinstance(node, Mapping):
        for item in node.values():
            yield from _walk(item)


def _said(message: str) -> str:
    """Cedar's message without the policy's number, which is ours."""
    return re.sub(r"^for policy `[^`]*`, ", "", message)
