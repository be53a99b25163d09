"""A family is one tool: its schema is what its operations take together, and each call gets what its own takes."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.lambda_calls import call, refusal
from toolkit import Answer, Aws, DeclarationError, Page, Permission, TenantContext, ToolServer

server = ToolServer("test-server", version="1.2.3")
shelf = server.family("shelf_read_operations", "Read shelves.", self_check="list_books")


@shelf.operation(actions=["s3:ListAllMyBuckets"])
def list_books(aws: Aws, page: Page, genre: str = "", limit: int = 5) -> Answer:
    """List books.

    Args:
        genre: What kind.
        limit: How many copies.
    """
    return {"region": aws.region, "size": page.size, "token": page.token, "genre": genre, "limit": limit}


@shelf.operation(actions=["s3:GetBucketLocation on bucket", "s3:ListAllMyBuckets"])
def get_book(title: str, genre: str) -> Answer:
    """Get a book.

    Args:
        title: Which one.
    """
    return {"title": title, "genre": genre}


def test_the_schema_is_what_the_operations_take_together() -> None:
    (spec,) = server.describe().tools
    assert spec.description == "Read shelves.\n\nOperations:\n- list_books: List books.\n- get_book: Get a book."
    assert spec.input_schema["required"] == ["operation"]
    described = {name: schema["description"] for name, schema in spec.input_schema["properties"].items()}
    assert described["operation"] == "What to read. One of: list_books, get_book."
    assert described["genre"] == "What kind. Needed by get_book. Optional for list_books."
    assert described["limit"] == "How many copies. Only for list_books. Default: 5."
    assert described["title"] == "Which one. Needed by get_book."
    assert set(described) == {
        "operation", "genre", "limit", "title", "region", "account", "page_size", "page_token",
    }  # fmt: skip


def test_each_operation_keeps_its_own_actions() -> None:
    (spec,) = server.describe().tools
    listing, location = Permission("s3:ListAllMyBuckets"), Permission("s3:GetBucketLocation", "bucket")
    assert spec.actions == (location, listing)
    assert [operation.actions for operation in spec.operations] == [(listing,), (location, listing)]
    assert spec.self_check == {"operation": "list_books"}


def test_an_operation_gets_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    asked = {"operation": "list_books", "page_size": 3, "page_token": "t", "genre": None, "region": "us-east-1"}
    answer = call(server, "shelf_read_operations", asked)
    assert answer == {"region": "us-east-1", "size": 3, "token": "t", "genre": "", "limit": 5}
    answer = call(server, "shelf_read_operations", {"operation": "get_book", "title": "T", "genre": "g"})
    assert answer == {"title": "T", "genre": "g"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "operation is required: What to read. One of: list_books, get_book."),
        ({"operation": "burn"}, "operation must be one of list_books, get_book, not 'burn'"),
        ({"operation": "get_book"}, "get_book needs title; get_book needs genre"),
        ({"operation": "get_book", "title": "T", "genre": "g", "limit": 1}, "get_book does not take limit"),
        ({"operation": "get_book", "title": "T", "genre": "g", "page_size": 1}, "get_book does not take page_size"),
        ({"operation": "list_books", "colour": "red"}, "unknown argument 'colour' (the arguments are: operation, "),
        ({"operation": "list_books", "limit": "5"}, "limit must be an integer, not a string"),
    ],
)
def test_what_an_operation_does_not_take_is_refused_in_a_sentence(arguments: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal(call(server, "shelf_read_operations", arguments))


def undocumented(name: str) -> Answer:
    """Do something."""
    return {}


def silent() -> Answer:
    return {}


def other_genre(genre: int) -> Answer:
    """Do something.

    Args:
        genre: What kind.
    """
    return {}


def other_meaning(genre: str) -> Answer:
    """Do something.

    Args:
        genre: A colour.
    """
    return {}


def for_tenant(tenant: TenantContext) -> Answer:
    """Do something."""
    return {"tenant": tenant.tenant_id}


def a_family() -> Any:
    return ToolServer("s", version="1.0.0").family("f", "Text.", self_check="first")


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (undocumented, "tool f, operation undocumented, parameter name: its description is missing"),
        (silent, "tool f, operation silent: it has no docstring"),
        (other_genre, "tool f, operation other_genre, parameter genre: its type or description differs from that in"),
        (other_meaning, "parameter genre: its type or description differs from that in get_book"),
    ],
)
def test_an_operation_that_cannot_be_one_is_refused(function: Callable[..., Answer], sentence: str) -> None:
    family = a_family()

    @family.operation(actions=[])  # type: ignore[untyped-decorator]
    def get_book(genre: str) -> Answer:
        """Get a book.

        Args:
            genre: What kind.
        """
        return {}

    with pytest.raises(DeclarationError, match=sentence):
        family.operation(actions=[])(function)


def test_a_tenants_operation_without_a_tenant_is_refused() -> None:
    tenants = ToolServer("tenants", version="1.0.0")
    tenants.family("f", "Text.", self_check="for_tenant").operation(actions=[])(for_tenant)
    assert "works for a tenant only" in refusal(call(tenants, "f", {"operation": "for_tenant"}))


def test_a_family_without_operations_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"tool f: it has no operation; decorate a function"):
        _ = a_family().tool


def test_a_self_check_has_to_be_a_call_that_the_tool_takes() -> None:
    family = a_family()
    family.operation(actions=[])(for_tenant)
    with pytest.raises(DeclarationError, match=r"self_check is .*'first'.*, which it does not take"):
        _ = family.tool


def test_an_operation_after_the_description_is_refused() -> None:
    with pytest.raises(DeclarationError, match="it is there already, or the server was described before it"):
        shelf.operation(actions=[])(get_book)
