"""`parse`: a valid request is read with its values, and any other body raises InvalidRequest."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.openrtb import BidRequest, InvalidRequest, parse
from bidder.openrtb.parse import MAX_SHORT_BODY
from tests.support.strategies import Path, bid_requests, dirty, json_values, mutated
from tests.unit.openrtb.documents import read, request, with_imp

CASELESS = {"domain", "cur", "mimes", "badv", "wadomain", "asi", "source", "bidfloorcur", "country", "wlang"}


def assert_reads(model: Any, document: Any, name: str = "") -> None:
    """Asserts that the model has every value of the document."""
    if isinstance(document, dict):
        for field, value in document.items():
            if field == "banner":
                assert model.banner is True
            else:
                assert_reads(getattr(model, field), value, field)
    elif isinstance(document, list):
        assert len(model) == len(document)
        for entry, other in zip(model, document, strict=True):
            assert_reads(entry, other, name)
    elif name in CASELESS and isinstance(document, str):
        assert model.casefold() == document.casefold()
    else:
        assert model == document


@given(bid_requests())
def test_a_valid_request_is_read_with_its_values(document: Any) -> None:
    assert_reads(read(document), document)


@given(dirty())
def test_harmless_faults_change_no_value(pair: tuple[Any, Any]) -> None:
    clean, soiled = pair
    expected, values = read(clean).model_dump(), read(soiled).model_dump()
    assert values == expected


@given(bid_requests())
def test_fields_in_their_2_5_positions_are_read(document: Any) -> None:
    expected = read(document).model_dump(exclude={"regs": {"ext"}, "user": {"ext"}, "source": {"ext"}})
    for holder, names in (
        ("regs", ("gdpr", "us_privacy", "gpp", "gpp_sid")),
        ("user", ("consent", "eids")),
        ("source", ("schain",)),
    ):
        if holder in document:
            document[holder]["ext"] = {n: document[holder].pop(n) for n in names if n in document[holder]}
    assert read(document).model_dump(exclude={"regs": {"ext"}, "user": {"ext"}, "source": {"ext"}}) == expected


def test_the_2_6_position_of_a_field_takes_precedence() -> None:
    reading = read(
        request(
            regs={"gdpr": 0, "gpp": "new", "ext": {"gdpr": 1, "gpp": "old", "us_privacy": "1YNN", "gpp_sid": [7]}},
            user={"consent": "new", "ext": {"consent": "old", "eids": [{"source": "a.example"}]}},
            source={"schain": {"complete": 1}, "ext": {"schain": {"complete": 0}}},
        )
    )
    assert reading.regs is not None
    assert reading.user is not None
    assert reading.source is not None
    assert reading.source.schain is not None
    assert (reading.regs.gdpr, reading.regs.gpp, reading.regs.us_privacy, reading.regs.gpp_sid) == (
        0,
        "new",
        "1YNN",
        (7,),
    )
    assert (reading.user.consent, reading.user.eids[0].source) == ("new", "a.example")
    assert reading.source.schain.complete == 1


def test_an_absent_field_is_none_or_the_default_of_the_standard() -> None:
    reading = read(request(regs={}))
    imp, video = reading.imp[0], reading.imp[0].video
    assert video is not None
    assert reading.regs is not None
    assert (reading.tmax, imp.bidfloor, imp.secure, video.w, video.skip, video.maxduration, reading.regs.coppa) == (
        None,
    ) * 7
    assert (reading.at, reading.test, reading.cattax, imp.bidfloorcur, imp.instl, video.boxingallowed) == (
        2,
        0,
        1,
        "USD",
        0,
        1,
    )
    pmp = read(with_imp(bidfloorcur="EUR", pmp={"deals": [{"id": "d"}]})).imp[0].pmp
    assert pmp is not None
    assert (pmp.deals[0].bidfloorcur, pmp.deals[0].bidfloor, pmp.deals[0].at) == ("USD", None, None)
    assert read(with_imp(bidfloor=0, secure=0)).imp[0].bidfloor == 0
    assert read(with_imp(bidfloor=0, secure=0)).imp[0].secure == 0


@given(mutated())
def test_an_invalid_value_is_repaired_or_reported(mutation: tuple[Any, Path]) -> None:
    document, position = mutation
    try:
        read(document)
    except InvalidRequest as error:
        named = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in position).lstrip(".")
        for path, message in error.fields:
            same_place = path.startswith(named) or named.startswith(path)
            a_clash = message.startswith(("the same as", "cannot be sent beside"))
            assert same_place or a_clash, (path, message)


@given(bid_requests() | dirty().map(lambda pair: pair[1]) | mutated().map(lambda mutation: mutation[0]), st.booleans())
def test_short_and_long_requests_are_parsed_equally(document: Any, twice: bool) -> None:
    text = json.dumps(short_of_points(document))
    body = (text.replace("{", '{"id": "first", "tmax": 1, ', 1) if twice else text).encode()
    assert outcome(body) == outcome(body + b" " * MAX_SHORT_BODY)


def short_of_points(document: Any) -> Any:
    """The document with 1 instead of 1.0, since the two parsers convert 1.0 to different texts."""
    if isinstance(document, dict):
        return {name: short_of_points(value) for name, value in document.items()}
    if isinstance(document, list):
        return [short_of_points(value) for value in document]
    if isinstance(document, float):  # the parsers also write exponents differently
        rounded = round(document, 3)
        return int(rounded) if rounded.is_integer() else rounded
    return document


def outcome(body: bytes) -> BidRequest | Any:
    try:
        return parse(body)
    except InvalidRequest as error:
        return error.fields


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_other_body_is_invalid(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as error:
        parse(body)
    assert error.value.fields
