"""The JSON Schema of campaign files: valid, equal to its published copy, and no stricter than the import."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from bidder.campaigns.file_schema import file_schema
from bidder.files.yaml_tree import read_yaml

ROOT = Path(__file__).parents[3]
VALIDATOR = jsonschema.Draft202012Validator(file_schema())
SAMPLES = read_yaml((ROOT / "samples/campaigns.yaml").read_text(encoding="utf-8"), "samples").plain()


def faults(document: Any) -> list[str]:
    return [f"{fault.json_path}: {fault.message}" for fault in VALIDATOR.iter_errors(document)]


def test_the_schema_is_valid_and_equal_to_its_copy_in_docs() -> None:
    jsonschema.Draft202012Validator.check_schema(file_schema())
    assert json.loads((ROOT / "docs/campaigns.schema.json").read_text()) == file_schema()


def test_the_samples_are_valid_by_it() -> None:
    assert faults(SAMPLES) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"budgt": {}}, "'budgt' was unexpected"),
        ({"status": "pausd"}, "'pausd' is not one of"),
        ({"targeting": {"contry": {}}}, "'contry' was unexpected"),
        ({"targeting": {"country": {"inclde": []}}}, "'inclde' was unexpected"),
        ({"creatives": []}, "should be non-empty"),
        ({"cpm": -1}, "less than or equal to the minimum"),
        ({"where": {"or": []}}, "not valid under any"),
        ({"id": "a b"}, "does not match"),
    ],
)
def test_a_mistake_is_an_error_of_the_schema(change: dict[str, Any], message: str) -> None:
    assert any(message in fault for fault in faults({"campaigns": [{**SAMPLES["campaigns"][0], **change}]}))  # type: ignore[index]
