import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.currency import InvalidRates, bidding_currency, read_rates
from bidder.money import decimal_price, floor_micros


def test_rates_are_read_exactly() -> None:
    assert read_rates('{"EUR": 1.0842, "JPY": "0.006413"}') == {"EUR": 1_084_200, "JPY": 6_413}


@pytest.mark.parametrize("text", ["", "[]", '{"EUR": 0}', '{"EUR": -1}', '{"euro": 1}', '{"EUR": 0.00000001}', "{"])
def test_a_table_that_cannot_be_used_is_refused(text: str) -> None:
    with pytest.raises(InvalidRates):
        read_rates(text)


def test_the_account_currency_goes_first_then_the_first_that_is_known() -> None:
    rates = {"USD": 1_000_000, "EUR": 1_100_000}

    assert bidding_currency((), rates) == "USD"
    assert bidding_currency(("EUR", "USD"), rates) == "USD"
    assert bidding_currency(("JPY", "EUR"), rates) == "EUR"
    assert bidding_currency(("JPY",), rates) is None


@given(st.integers(0, 10**9), st.integers(1_000, 10**9))
def test_a_converted_price_is_at_most_what_was_decided_and_a_micro_of_it_short(cpm_micros: int, rate: int) -> None:
    price = round(decimal_price(cpm_micros, rate) * 1_000_000)

    assert price * rate <= cpm_micros * 1_000_000 < (price + 1) * rate


@given(st.integers(1, 10**8), st.integers(1_000, 10**9))
def test_a_price_that_reaches_a_converted_floor_reaches_it_in_the_floors_currency(floor: int, rate: int) -> None:
    least = floor_micros(floor / 1_000_000, rate)

    assert round(decimal_price(least, rate) * 1_000_000) >= floor
