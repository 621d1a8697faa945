"""The sample requests of README's curl commands."""

import json
from pathlib import Path

import jsonschema
import pytest

from bidder.openrtb import parse
from tests.published import REQUEST_SCHEMA

SAMPLES = sorted((Path(__file__).parents[3] / "samples").glob("request*.json"))


def test_sample_requests_exist() -> None:
    assert "request.json" in [path.name for path in SAMPLES]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_offers_a_video(path: Path) -> None:
    request = parse(path.read_bytes())
    assert request.imp[0].video is not None
    assert request.imp[0].video.accepts_duration(15)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_valid(path: Path) -> None:
    jsonschema.validate(json.loads(path.read_text()), json.loads(REQUEST_SCHEMA.read_text()))
