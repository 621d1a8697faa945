from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.events.notice import error_code, loss_reason, settled_price

BID = 5_000_000


@given(st.integers(1, BID))
def test_a_price_up_to_the_bid_is_what_is_due(micros: int) -> None:
    assert settled_price({"p": str(Decimal(micros) / 1_000_000)}, BID) == micros


@pytest.mark.parametrize(
    "given_price",
    ["", "AUDIT", "${AUCTION_PRICE}", "%24%7BAUCTION_PRICE%7D", "0", "-1", "nan", "inf", "1e999", "7", "9" * 40, "5,0"],
)
def test_anything_else_leaves_the_bid_due(given_price: str) -> None:
    assert settled_price({"p": given_price}, BID) == BID
    assert settled_price({}, BID) == BID


@given(st.text(max_size=40))
def test_no_text_makes_more_than_the_bid_due_or_nothing(text: str) -> None:
    assert 0 < settled_price({"p": text}, BID) <= BID


def test_codes_are_read_where_they_were_filled_in() -> None:
    assert loss_reason({"r": "102"}) == 102
    assert error_code({"c": "405"}) == 405
    for unread in ("", "${AUCTION_LOSS}", "[ERRORCODE]", "-1", "²", "1" * 9):
        assert loss_reason({"r": unread}) is None
