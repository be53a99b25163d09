"""The pictures of the guide show what the client does today."""

from __future__ import annotations

import pytest

from tests.client.fake_service import Server
from tests.client.pictures import FOLDER, draw


@pytest.mark.parametrize("name", ["chat", "commands", "narrow"])
def test_a_picture_of_the_guide_is_what_the_client_shows(server: Server, name: str) -> None:
    committed = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    assert draw(name, server) == committed, "look at it and accept it with `python -m tests.client.pictures`"
