"""A model that is completed from the package's schema reads and writes as one that pydantic completed."""

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaSerializer, SchemaValidator

from bidder import prebuilt
from bidder.campaigns.campaign import Campaign
from bidder.openrtb.bid_request import BidRequest
from loadtest.bench.decision import video_requests
from tests.golden import auction as golden
from tests.support.campaigns import campaign
from tests.support.service import KEYS, SETTINGS
from tools.schemas import MODELS, written


def documents() -> Iterator[tuple[type[BaseModel], Any]]:
    """Values that are read, good and bad."""
    for body in video_requests(50):
        yield BidRequest, json.loads(body)
    for path in golden.paths():
        yield BidRequest, golden.load(path).request
    item = campaign().model_dump(mode="json")
    yield Campaign, item
    yield Campaign, item | {"cpm_micros": -1, "targeting": {"country": {"include": ["US", 5]}, "nonsense": {}}}
    yield Campaign, item | {"advertiser": {"name": "", "domain": "NO DOMAIN"}, "where": {"and": []}}
    for model, good in ((type(SETTINGS), SETTINGS), (type(KEYS), KEYS)):
        yield model, good.model_dump()
        yield model, {}


def outcome(validator: SchemaValidator, serializer: SchemaSerializer, document: Any) -> Any:
    try:
        value = validator.validate_python(document)
    except ValidationError as error:
        return error.errors(include_url=False, include_context=False)
    return value, serializer.to_json(value), serializer.to_json(value, exclude_defaults=True)


@pytest.fixture(scope="module")
def schemas() -> dict[type[BaseModel], Any]:
    return {model: pickle.loads(written(model)) for model in MODELS}  # noqa: S301  our own


def test_it_reads_and_writes_the_same(schemas: dict[type[BaseModel], Any]) -> None:
    counted = 0
    for model, document in documents():
        schema = schemas[model]
        ours = outcome(SchemaValidator(schema), SchemaSerializer(schema), document)
        assert ours == outcome(
            cast("SchemaValidator", model.__pydantic_validator__), model.__pydantic_serializer__, document
        )
        counted += 1
    assert counted > 100


def test_completing_takes_the_packages_schema(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Other(BaseModel, defer_build=True):
        id: int

    class Stored(BaseModel):
        id: str

    monkeypatch.setattr(prebuilt, "__file__", str(tmp_path / "prebuilt.py"))
    path = tmp_path / prebuilt.file_of(Other)
    path.parent.mkdir()
    schema = {"type": "model", "cls": Stored, "schema": Stored.__pydantic_core_schema__["schema"]}
    monkeypatch.setattr(prebuilt.pickle, "load", lambda _file: schema)
    path.write_bytes(b"")

    prebuilt.complete(Other)

    assert Other.model_validate({"id": "read as text"}).id == "read as text"  # type: ignore[comparison-overlap]
