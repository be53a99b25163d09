"""A page is asked for as the service takes it, and what it does not take is refused before AWS is asked."""

import pytest

from toolkit import Page, ToolError


def test_a_page_becomes_the_services_own_members() -> None:
    assert Page().request("MaxItems", "Marker", most=1000) == {"MaxItems": 100}
    assert Page().request("MaxItems", "Marker", most=20) == {"MaxItems": 20}
    assert Page(size=5, token="t").request("MaxItems", "Marker") == {"MaxItems": 5, "Marker": "t"}
    assert Page(token="t").request(None, "NextToken") == {"NextToken": "t"}


@pytest.mark.parametrize(
    ("page", "members", "sentence"),
    [
        (Page(size=0), ("MaxItems", "Marker"), "page_size must be from 1 to 100, not 0"),
        (Page(size=101), ("MaxItems", "Marker"), "page_size must be from 1 to 100, not 101"),
        (Page(size=5), (None, "Marker"), "does not take page_size"),
        (Page(token="t"), ("MaxItems", None), "takes no page_token"),
    ],
)
def test_what_the_service_does_not_take_is_refused(
    page: Page, members: tuple[str | None, str | None], sentence: str
) -> None:
    with pytest.raises(ToolError, match=sentence):
        page.request(*members)


def test_a_list_that_aws_gives_whole_is_paged_here() -> None:
    items, seen, page = list(range(7)), [], Page(size=3)
    while True:
        part = page.slice(items)
        seen.append(part["items"])
        if part["next_page_token"] is None:
            break
        page = Page(size=3, token=part["next_page_token"])
    assert seen == [[0, 1, 2], [3, 4, 5], [6]]


@pytest.mark.parametrize("token", ["x", "-1", "8", "1.5"])
def test_a_token_of_another_list_is_refused(token: str) -> None:
    with pytest.raises(ToolError, match="is none of this list's"):
        Page(token=token).slice(list(range(7)))
