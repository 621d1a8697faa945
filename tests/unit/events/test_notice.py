from base64 import b64encode, urlsafe_b64encode
from decimal import Decimal
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.events.notice import error_code, loss_name, loss_reason, settled_price
from tests.support.prices import KEYS, encrypted

BID = 5_000_000
MACRO = "${AUCTION_PRICE}"
due = st.integers(1, BID)


def decimal(micros: int) -> str:
    return f"{Decimal(micros) / 1_000_000:f}"


@given(due)
def test_a_price_up_to_the_bid_is_what_is_due(micros: int) -> None:
    assert settled_price({"p": decimal(micros)}, BID) == micros


@given(due, st.booleans(), st.booleans())
def test_a_price_may_come_in_base64(micros: int, web_safe: bool, padded: bool) -> None:
    sent = (urlsafe_b64encode if web_safe else b64encode)(decimal(micros).encode()).decode()
    if not padded:
        sent = sent.rstrip("=")

    assert settled_price({"p": sent}, BID) == micros
    assert settled_price({"p": quote(sent)}, BID) == micros


@given(due, st.binary(min_size=16, max_size=16))
def test_a_price_may_come_encrypted(micros: int, vector: bytes) -> None:
    sent = urlsafe_b64encode(encrypted(micros, vector)).decode().rstrip("=")

    assert settled_price({"p": sent}, BID, KEYS) == micros
    assert settled_price({"p": sent}, BID) == BID


def test_an_encrypted_price_is_never_above_the_bid_nor_nothing() -> None:
    for micros in (0, BID + 1, 2**62):
        assert settled_price({"p": urlsafe_b64encode(encrypted(micros, bytes(16))).decode()}, BID, KEYS) == BID


@pytest.mark.parametrize("sent", ["1.5", b64encode(b"1.5").decode(), "", "AUDIT", MACRO])
def test_from_an_exchange_with_keys_no_price_is_taken_that_they_did_not_sign(sent: str) -> None:
    assert settled_price({"p": sent}, BID, KEYS) == BID


@pytest.mark.parametrize("value", ["", "AUDIT", MACRO, "0", "-1", "nan", "inf", "1e999", "7", "9" * 40, "5,0", "1_0"])
def test_anything_else_leaves_the_bid_due(value: str) -> None:
    for sent in (value, quote(value), quote(quote(value, safe=""), safe=""), b64encode(value.encode()).decode()):
        assert settled_price({"p": sent}, BID) == BID, sent
    assert settled_price({}, BID) == BID


@given(st.text(max_size=70) | st.text("0123456789.eE+-_= /%", max_size=70))
def test_no_text_makes_more_than_the_bid_due_or_nothing(text: str) -> None:
    for keys in (None, KEYS):
        assert 0 < settled_price({"p": text}, BID, keys) <= BID


def test_codes_are_read_where_they_were_filled_in() -> None:
    assert loss_reason({"r": "102"}) == 102
    assert error_code({"c": "405"}) == 405
    for unread in ("", "${AUCTION_LOSS}", "[ERRORCODE]", "-1", "²", "1" * 9):
        assert loss_reason({"r": unread}) is None


def test_loss_reasons_have_the_names_of_the_list() -> None:
    assert loss_name(102) == "outbid"
    assert loss_name(207) == "creative_not_secure"
    assert loss_name(1042) == "1042"
