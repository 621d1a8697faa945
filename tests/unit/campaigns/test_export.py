"""An exported file is valid by the published schema, and its import changes nothing."""

import json
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from pydantic import BaseModel

from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.file_schema import _WithoutDefaults
from bidder.campaigns.files import CampaignFile, as_lines, as_yaml
from bidder.files.yaml_tree import read_yaml
from tests.support.campaigns import campaign
from tests.support.examples import examples
from tests.support.full_campaigns import campaigns, limits

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/campaigns.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

Export = Callable[[Sequence[Campaign], Sequence[AdvertiserLimits]], str]
unique_limits = st.lists(limits, max_size=1)


def yaml_export(exported: Sequence[Campaign], advertisers: Sequence[AdvertiserLimits]) -> str:
    return as_yaml(exported, advertisers)


def lines_export(exported: Sequence[Campaign], advertisers: Sequence[AdvertiserLimits]) -> str:
    return "".join(f"{line}\n" for line in as_lines(exported, advertisers))


def document_of(text: str) -> Any:
    """The exported file as an editor validates it: JSON Lines as the lists of a YAML file."""
    if not text.startswith("{"):
        return read_yaml(text, "file").plain()
    rows = [json.loads(line) for line in text.split("\n") if line]
    return {
        "advertisers": [row for row in rows if "domain" in row],
        "campaigns": [row for row in rows if "domain" not in row],
    }


@pytest.mark.parametrize("export", [yaml_export, lines_export])
@given(exported=campaigns, advertisers=unique_limits)
@examples(0.15)
def test_an_export_is_valid_by_the_schema_and_imported_unchanged(
    export: Export, exported: Campaign, advertisers: list[AdvertiserLimits]
) -> None:
    text = export([exported], advertisers)

    assert [f"{fault.json_path}: {fault.message}" for fault in VALIDATOR.iter_errors(document_of(text))] == []
    imported = CampaignFile(BytesIO(text.encode()), "file", "http://127.0.0.1:4566/media/")
    assert list(imported) == [exported]
    assert imported.advertisers == advertisers


@pytest.mark.parametrize("export", [yaml_export, lines_export])
def test_an_export_has_no_owner_that_a_changed_domain_would_contradict(export: Export) -> None:
    for domain in ("shop.example", "a.shop.example", "192.0.2.7"):
        text = export([campaign(advertiser={"name": "A", "domain": domain})], [])
        moved = text.replace(domain, "other.example")

        [imported] = CampaignFile(BytesIO(moved.encode()), "file", None)

        assert "owner" not in text
        assert imported.advertiser.owner == "other.example"


def stated_fields(node: object) -> Iterator[tuple[str, str]]:
    """The fields of models whose values differ from their defaults, as (model, field)."""
    if isinstance(node, BaseModel):
        for name in type(node).model_fields:
            value = getattr(node, name)
            if value != type(node).model_fields[name].get_default(call_default_factory=True, validated_data={}):
                yield type(node).__name__, name
            yield from stated_fields(value)
    elif isinstance(node, tuple | dict):
        for item in node.values() if isinstance(node, dict) else node:
            yield from stated_fields(item)


def model_fields(model: type[BaseModel], schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, definition in {model.__name__: schema, **schema.get("$defs", {})}.items():
        for field in definition.get("properties", {}):
            yield name, field


@pytest.mark.parametrize(("model", "strategy"), [(Campaign, campaigns), (AdvertiserLimits, limits)])
def test_the_strategies_state_every_field_of_the_models(
    model: type[BaseModel], strategy: st.SearchStrategy[BaseModel]
) -> None:
    """A new field of a model is part of the round trip, or this test fails."""
    remaining = set(model_fields(model, model.model_json_schema(schema_generator=_WithoutDefaults)))
    remaining -= {("FrequencyCap", "level")} if model is AdvertiserLimits else set()

    def states_the_rest(candidate: BaseModel) -> bool:
        remaining.difference_update(stated_fields(candidate))
        return not remaining

    try:
        find(strategy, states_the_rest, settings=settings(examples(20), database=None, phases=[Phase.generate]))
    except NoSuchExample:
        pytest.fail(f"no example states {sorted(remaining)}")
