from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.currency import InvalidRates, parse_rates
from bidder.money import Rate, bidding_currency, decimal_price, floor_micros


def test_rates_are_read_exactly() -> None:
    assert parse_rates('{"EUR": 1.0842, "JPY": "0.006413"}') == {"EUR": 1_084_200, "JPY": 6_413}


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"EUR": 0}', '{"EUR": -1}', '{"euro": 1}', '{"EUR": 1e-13}', '{"EUR": "1.0000000000000000001"}', "{"],
)
def test_an_invalid_table_of_rates_is_refused(text: str) -> None:
    with pytest.raises(InvalidRates):
        parse_rates(text)


@pytest.mark.parametrize(
    ("worth", "micros"),
    [
        ("0.0000613425", "61.3425"),
        ("0.00003921", "39.21"),
        ("1.08421234", "1084212.34"),
        ("6.134969325153374e-05", "61.34969325153374"),
        ('"999999.999999999999"', "999999999999.999999"),
        ("1e-12", "0.000001"),
    ],
)
def test_rates_finer_than_a_micro_are_read_exactly(worth: str, micros: str) -> None:
    assert parse_rates(f'{{"IDR": {worth}}}') == {"IDR": Decimal(micros)}


def test_the_account_currency_is_preferred_and_then_the_first_known_currency() -> None:
    rates = {"USD": 1_000_000, "EUR": 1_100_000}

    assert bidding_currency((), rates) == "USD"
    assert bidding_currency(("EUR", "USD"), rates) == "USD"
    assert bidding_currency(("JPY", "EUR"), rates) == "EUR"
    assert bidding_currency(("JPY",), rates) is None


finer = st.decimals(Decimal("0.01"), Decimal(10**9), places=9)


@given(st.integers(0, 10**9), finer)
def test_a_price_in_a_weak_currency_is_rounded_down(cpm: int, rate: Decimal) -> None:
    price = decimal_price(cpm, rate)

    assert price == int(Fraction(cpm) / Fraction(rate) * 1_000_000) / 1_000_000


@given(st.decimals(0, 10**9, places=6), finer)
def test_a_floor_in_a_weak_currency_is_rounded_up(floor: Decimal, rate: Decimal) -> None:
    assert 0 <= floor_micros(floor, rate) - Fraction(floor) * Fraction(rate) < 1


@given(st.integers(0, 10**9), st.integers(1_000, 10**9))
def test_a_converted_price_is_at_most_one_micro_below_the_decided_price(cpm_micros: int, rate: int) -> None:
    price = round(decimal_price(cpm_micros, rate) * 1_000_000)

    assert price * rate <= cpm_micros * 1_000_000 < (price + 1) * rate


@given(st.integers(1, 10**8), st.integers(1_000, 10**9))
def test_a_price_that_reaches_a_converted_floor_reaches_it_in_the_floors_currency(floor: int, rate: int) -> None:
    least = floor_micros(floor / 1_000_000, rate)

    assert round(decimal_price(least, rate) * 1_000_000) >= floor


@given(st.floats(0, 1_000), st.one_of(st.integers(1_000, 10**9), finer))
def test_a_price_reaches_a_floor_of_any_number_of_decimals_in_the_floors_currency(floor: float, rate: Rate) -> None:
    assert decimal_price(floor_micros(floor, rate), rate) >= floor
