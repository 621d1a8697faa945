"""The messages of faults: plain words, without texts of the request."""

from typing import Any

import pytest

from bidder.openrtb import InvalidRequest
from tests.unit.openrtb.documents import read, request, with_imp, with_video


def test_the_message_of_a_fault_is_short_and_has_no_text_of_the_request() -> None:
    with pytest.raises(InvalidRequest) as error:
        read(with_video(mimes={"secret": "value"}) | {"id": None})
    assert str(error.value) == "id: required; imp[0].video.mimes: not a list"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (with_imp(secure="yes"), "imp[0].secure: not a whole number"),
        (with_imp(ssai=[1]), "imp[0].ssai: not a whole number"),
        (with_imp(bidfloor="1,50"), "imp[0].bidfloor: not a number"),
        (with_imp(bidfloor=["1"]), "imp[0].bidfloor: not a number"),
        (with_imp(bidfloor="Infinity"), "imp[0].bidfloor: not a finite number"),
        (with_video(poddur=1e30), "imp[0].video.poddur: too large a number"),
        (with_video(protocols=["VAST 3.0"]), "imp[0].video.protocols[0]: not a whole number"),
        (with_video(durfloors=[{}] * 201), "imp[0].video.durfloors: more than 200 items"),
        (request(id="x" * 8193), "id: longer than 8192 characters"),
        (
            request(badv=["https://a.example"] * 1001),
            "badv: 1001 of 1001 values are not in normal form; 1000 at most",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_message_of_a_fault_is_in_plain_words(document: Any, message: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        read(document)
    assert str(error.value) == message
