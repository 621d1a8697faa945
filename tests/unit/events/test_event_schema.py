"""The published JSON Schema of events describes every published event."""

import json
from datetime import timedelta

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.events.event import Event
from bidder.events.kinds import Kind
from tests.support.campaigns import NOW
from tests.support.events import event
from tools import ROOT

SCHEMA = json.loads((ROOT / "docs" / "event.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())
TEXT = st.none() | st.text(min_size=1, max_size=20)


def test_the_published_schema_equals_that_of_the_code() -> None:
    output = "write docs/event.schema.json anew from Event.model_json_schema(mode='serialization')"
    assert {"$schema": SCHEMA["$schema"], **Event.model_json_schema(mode="serialization")} == SCHEMA, output


@given(st.sampled_from(Kind), st.booleans(), TEXT, TEXT, TEXT, st.none() | st.integers(0, 999))
def test_every_published_event_is_valid(
    kind: Kind, test: bool, deal: str | None, user: str | None, invalid: str | None, code: int | None
) -> None:
    sent_event = event(
        1, kind, test=test, deal_id=deal, user=user, invalid=invalid, error_code=code, at=NOW + timedelta(seconds=1)
    )

    VALIDATOR.validate(json.loads(sent_event.model_dump_json(exclude_none=True)))


@pytest.mark.parametrize("change", [{"kind": "applause"}, {"version": 2}, {"price_micros": -1}, {"bid_id": ""}])
def test_an_invalid_event_is_refused_by_the_schema(change: dict[str, object]) -> None:
    document = json.loads(event(1).model_dump_json(exclude_none=True))

    assert not VALIDATOR.is_valid({**document, **change})
