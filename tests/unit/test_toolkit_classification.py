"""A tool says how careful the platform has to be with its answers and arguments; what it says wrong is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from stacks.settings.versions.published import PublishedTool
from toolkit import Answer, DeclarationError, ToolServer


def find(name: str, secret: str = "") -> dict[str, Any]:
    """Find.

    Args:
        name: Whom.
        secret: A word.
    """
    return {}


def server_of(**options: Any) -> ToolServer:
    server = ToolServer("test-server", version="1.2.3")
    server.tool(actions=[], self_check={"name": "a"}, **options)(find)
    return server


def family_of(*, first: dict[str, Any] | None = None, **options: Any) -> ToolServer:
    server = ToolServer("test-server", version="1.2.3")
    shelf = server.family("shelf", "Read shelves.", self_check="list_books", **options)

    @shelf.operation(actions=[], **(first or {}))
    def list_books(genre: str = "") -> Answer:
        """List books.

        Args:
            genre: What kind.
        """
        return {}

    @shelf.operation(actions=[])
    def list_readers(reader: str = "") -> Answer:
        """List readers.

        Args:
            reader: Who.
        """
        return {}

    return server


def test_a_tool_is_internal_and_has_nothing_sensitive_until_it_says_so() -> None:
    (spec,) = server_of().describe().tools
    assert (spec.classification, spec.sensitive) == ("internal", ())


def test_a_tool_says_what_it_is() -> None:
    (spec,) = server_of(classification="restricted", sensitive=["secret", "name", "secret"]).describe().tools
    assert (spec.classification, spec.sensitive) == ("restricted", ("name", "secret"))


def test_a_family_is_as_careful_as_its_most_careful_operation() -> None:
    options = {"classification": "confidential", "sensitive": ["genre"]}
    (spec,) = family_of(first=options, sensitive=["reader"]).describe().tools
    assert (spec.classification, spec.sensitive) == ("confidential", ("genre", "reader"))
    assert [operation.classification for operation in spec.operations] == ["confidential", "internal"]


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda: server_of(classification="secret"), "tool find: classification is 'secret'; write one of public, "),
        (lambda: server_of(sensitive=["password"]), "tool find: sensitive names 'password', .*it takes name, secret"),
        (lambda: server_of(sensitive="secret"), r"tool find: sensitive is the text 'secret'; write a list, \['secret"),
        (lambda: family_of(classification=""), "tool shelf: classification is ''"),
        (lambda: family_of(sensitive="genre"), "tool shelf: sensitive is the text 'genre'"),
        (lambda: family_of(sensitive=["title"]).describe(), "tool shelf: sensitive names 'title'"),
        (lambda: family_of(first={"sensitive": ["reader"]}), "tool shelf, operation list_books: sensitive names 'rea"),
        (lambda: family_of(first={"classification": "x"}), "tool shelf, operation list_books: classification is 'x'"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_declaration(declare: Callable[[], Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        declare()


def test_neither_is_a_promise_to_callers() -> None:
    (plain,), (careful,) = (
        server.describe().tools for server in (server_of(), server_of(classification="restricted", sensitive=["name"]))
    )
    assert PublishedTool.of(plain) == PublishedTool.of(careful)
