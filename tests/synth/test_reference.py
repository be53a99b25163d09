"""docs/reference says what the code says."""

from difflib import unified_diff

import pytest
from pydantic import BaseModel

from docs.generator.pages import ENVIRONMENT, FOLDER, pages
from stacks.settings import EnvironmentSettings, PlatformGroups, TenantSettings
from tests.assemblies import assembly


def test_the_pages_are_what_the_code_says() -> None:
    wanted = pages(assembly(ENVIRONMENT))
    present = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.md")}
    for name in sorted(wanted | present):
        if present.get(name) != wanted.get(name):
            page, code = (pages_of.get(name, "").splitlines() for pages_of in (present, wanted))
            difference = "\n".join(unified_diff(page, code, f"docs/reference/{name}", "the code", lineterm=""))
            pytest.fail(f"{difference}\nRun `make docs` to write the pages anew.", pytrace=False)


@pytest.mark.parametrize("model", [EnvironmentSettings, TenantSettings, PlatformGroups])
def test_every_key_is_explained(model: type[BaseModel]) -> None:
    schema = model.model_json_schema()
    sections = {"": schema, **schema["$defs"]}
    bare = [
        f"{name}.{key}"
        for name, section in sections.items()
        for key, value in section["properties"].items()
        if not value.get("description") and "$ref" not in value
    ]
    assert bare == []
