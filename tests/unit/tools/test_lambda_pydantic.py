"""The package's `pydantic` parses, serializes and raises errors like pydantic."""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import MethodType
from typing import Any, cast

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaSerializer, SchemaValidator

from bidder.campaigns.campaign import Campaign
from bidder.openrtb.bid_request import BidRequest
from loadtest.bench.decision import video_requests
from tests.golden import auction as golden
from tests.support.campaigns import campaign
from tests.support.packaged_pydantic import packaged_pydantic
from tests.support.service import KEYS, SETTINGS
from tools import ROOT
from tools.lambda_pydantic import FOLDER, file_name
from tools.schemas import packaged_models, pickle_schema

pytestmark = pytest.mark.slow

MODELS = packaged_models()

DEFAULTS = """
import json, sys
from importlib import import_module
defaults = {}
for module, name in json.load(sys.stdin):
    model = getattr(import_module(module), name)
    defaults[f"{module}.{name}"] = {
        field: repr(getattr(default, "__dict__", default))
        for field, info in model.model_fields.items()
        for default in [info.get_default(call_default_factory=True)]
    }
json.dump(defaults, sys.stdout)
"""
"""A program that prints the fields of models and their defaults. A default that is a model is printed as its fields."""

BEHAVIOUR = """
import copy, pickle
from bidder.campaigns.campaign import Flight, FrequencyCap
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.site import Site
from bidder.stitchers import Stitchers
from pydantic import ValidationError

cap = FrequencyCap(impressions=3, window="day")
assert cap == FrequencyCap.model_validate({"impressions": 3, "window": "day"}) and hash(cap) == hash(copy.copy(cap))
assert cap != FrequencyCap(impressions=4, window="day") and cap != Flight() and cap != 3
assert cap.model_fields_set == {"impressions", "window"}
wider = cap.model_copy(update={"impressions": 5})
assert (wider.impressions, cap.impressions, wider.window) == (5, 3, "day")
assert pickle.loads(pickle.dumps(wider)) == wider == copy.deepcopy(wider)
assert cap.model_dump(mode="json", exclude_defaults=True) == {"impressions": 3, "window": "day"}
assert FrequencyCap.model_validate_json(cap.model_dump_json()) == cap
site = Site.model_construct(domain="news.example")
site.page = "https://news.example/"
assert (site.domain, site.page, site.cat) == ("news.example", "https://news.example/", ())
assert not hasattr(BidRequest.model_construct(), "id")
assert Stitchers({"acme": ["198.51.100.0/24"]}).root == Stitchers.model_construct({"acme": ("198.51.100.0/24",)}).root
for wrong in ({"impressions": 3}, {"impressions": 3, "window": "day", "unknown": 1}):
    try:
        FrequencyCap(**wrong)
    except ValidationError as error:
        assert error.error_count() == 1
    else:
        raise AssertionError(wrong)
"""
"""A program that tests the behaviour of models beside parsing and serializing. It passes with pydantic, too."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return packaged_pydantic(tmp_path_factory.mktemp("packaged"))


def run(program: list[str], path: str, stdin: str = "") -> str:
    """The output of a Python process with `path` first in its module search path."""
    variables = os.environ | {"PYTHONPATH": os.pathsep.join((path, str(ROOT)))}
    command = [sys.executable, *program]
    process = subprocess.run(command, input=stdin, env=variables, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    assert process.returncode == 0, f"{process.stdout[-2000:]}{process.stderr[-2000:]}"
    return process.stdout


def documents() -> Iterator[tuple[type[BaseModel], Any]]:
    """Documents to parse, valid and invalid."""
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


def test_packaged_schemas_parse_and_serialize_like_the_models() -> None:
    schemas: dict[type[BaseModel], Any] = {}
    counted = 0
    for model, document in documents():
        schema = schemas.get(model) or schemas.setdefault(model, pickle.loads(pickle_schema(model)))  # noqa: S301  our own
        packaged = outcome(SchemaValidator(schema), SchemaSerializer(schema), document)
        assert packaged == outcome(
            cast("SchemaValidator", model.__pydantic_validator__), model.__pydantic_serializer__, document
        )
        counted += 1
    assert counted > 100


def comparable(schema: Any, definitions: dict[str, Any], above: tuple[str, ...] = ()) -> Any:
    """A copy of a schema without the metadata of JSON Schema. Each definition replaces its references.

    pydantic shares definitions depending on the order in which a process completes its models.
    """
    if isinstance(schema, MethodType):  # bound methods of equal objects are not equal
        return schema.__func__, schema.__self__
    if isinstance(schema, list | tuple):
        return [comparable(item, definitions, above) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "definitions":
        definitions |= {each["ref"]: each for each in schema["definitions"]}
        return comparable(schema["schema"], definitions, above)
    if schema.get("type") == "definition-ref":
        ref = schema["schema_ref"]
        return (
            {"recursion": definitions[ref].get("cls")}
            if ref in above
            else comparable(definitions[ref], definitions, above)
        )
    if isinstance(schema.get("ref"), str):  # a schema, if a field has this name
        above = (*above, schema["ref"])
    return {
        name: comparable(value, definitions, above)
        for name, value in schema.items()
        if not (name == "ref" and isinstance(value, str)) and (name != "metadata" or "type" in value)
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_each_packaged_schema_equals_that_of_its_model(folder: Path, model: type[BaseModel]) -> None:
    packaged = pickle.loads((folder / "pydantic" / FOLDER / file_name(model)).read_bytes())  # noqa: S301  our own
    model.model_rebuild()
    assert comparable(packaged, {}) == comparable(model.__pydantic_core_schema__, {})


def test_each_packaged_model_has_the_fields_and_defaults_of_its_source(folder: Path) -> None:
    names = json.dumps([(model.__module__, model.__qualname__) for model in MODELS])
    packaged = json.loads(run(["-c", DEFAULTS], str(folder), names))
    assert packaged == json.loads(run(["-c", DEFAULTS], "", names))
    assert len(packaged) > 50


@pytest.mark.parametrize("is_packaged", [True, False])
def test_packaged_models_behave_like_pydantic(folder: Path, *, is_packaged: bool) -> None:
    run(["-c", BEHAVIOUR], str(folder) if is_packaged else "")


def test_the_core_writes_json_without_importing_uuid_and_pathlib(folder: Path) -> None:
    code = (
        "import sys; from pydantic_core import to_json\n"
        """assert to_json({"a": [1.5, "é", None]}) == '{"a":[1.5,"é",null]}'.encode()\n"""
        'assert not {"pathlib", "platform", "uuid"} & sys.modules.keys()\n'
        "import pathlib, uuid; assert str(uuid.UUID(int=7)).endswith('7') and str(pathlib.Path('a')) == 'a'"
    )
    run(["-S", "-c", code], str(folder))


def test_golden_auctions_are_answered_the_same(folder: Path) -> None:
    program = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/golden/test_auctions.py"]
    assert " passed" in run(program, str(folder))
