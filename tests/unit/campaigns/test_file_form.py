"""Printed documents have the words and amounts of campaign files."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bidder.campaigns.file_form import changed_fields, document_text, file_form
from bidder.campaigns.files import as_lines, as_yaml
from bidder.money import micros
from tests.support.campaigns import campaign


@given(st.integers(1, 10**18))
@example(1)
@example(10**18 - 1)
@example(12_500_000)
def test_an_amount_is_read_back_exactly_from_json(amount: int) -> None:
    text = json.dumps(file_form({"cpm_micros": amount}))

    assert micros(json.loads(text)["cpm"]) == amount
    assert Decimal(str(json.loads(text)["cpm"])) * 1_000_000 == amount


def test_no_text_for_people_has_micros() -> None:
    document = {
        "id": "c",
        "cpm_micros": 4_250_000,
        "budget": {"daily_micros": 258_000_000, "total_micros": None},
        "deals": [{"id": "d", "cpm_micros": 9_500_001}],
    }

    assert file_form(document) == {
        "id": "c",
        "cpm": 4.25,
        "budget": {"daily": 258, "total": None},
        "deals": [{"id": "d", "cpm": 9.500001}],
    }
    assert document_text({"cost_micros": 500_000, "name": "Línea"}) == '{"cost": 0.5, "name": "Línea"}'
    assert document_text(None) == "deleted"


def test_exports_have_the_words_of_the_documentation_and_readable_letters() -> None:
    exported = campaign(name="Línea ☕", budget={"daily": "7.5"})

    for text in (as_yaml([exported]), *as_lines([exported])):
        assert "_micros" not in text
    assert "Línea" in next(as_lines([exported]))
    assert "daily: 7.5" in as_yaml([exported])


def document_of(**fields: Any) -> dict[str, Any]:
    return campaign(**fields).model_dump(mode="json", exclude_defaults=True)


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({"status": "paused"}, {}, 'status: "paused" -> "active"'),
        ({}, {"status": "paused"}, 'status: "active" -> "paused"'),
        ({"time_zone": "Asia/Tokyo"}, {}, 'time_zone: "Asia/Tokyo" -> "UTC"'),
        ({}, {"shading": False}, "shading: true -> false"),
        ({"cpm": 3}, {"cpm": "4.5"}, "cpm: 3 -> 4.5"),
        ({"name": "Café"}, {"name": "Línea"}, 'name: "Café" -> "Línea"'),
    ],
)
def test_a_change_names_the_values_that_hold(before: dict[str, Any], after: dict[str, Any], line: str) -> None:
    assert list(changed_fields(document_of(**before), document_of(**after))) == [line]


def test_a_new_document_has_no_line_for_defaults() -> None:
    lines = list(changed_fields(None, document_of()))

    assert {line.partition(":")[0] for line in lines} == set(file_form(document_of()))


def test_equal_documents_have_no_line() -> None:
    assert list(changed_fields(document_of(), document_of())) == []
