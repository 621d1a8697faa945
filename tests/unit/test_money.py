from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.money import decimal_price, display, floor_micros, impression_cost, micros

amounts = st.integers(0, 10**15)


@given(amounts)
def test_formatted_micros_are_parsed_back(amount: int) -> None:
    assert micros(str(Decimal(amount) / 1_000_000)) == amount
    assert micros(display(amount).replace(",", "")) == amount


@given(st.integers(0, 10**10))
def test_a_price_is_unchanged_after_its_conversion_to_openrtb_and_back(cpm_micros: int) -> None:
    assert micros(decimal_price(cpm_micros)) == cpm_micros


@pytest.mark.parametrize("amount", ["0.0000001", "nan", "inf", "twelve", "", None, 10**13, True])
def test_an_invalid_amount_is_refused(amount: object) -> None:
    with pytest.raises(ValueError, match=r"amount of money|finer than|more than 1,000,000,000,000 of"):
        micros(amount)


def test_the_largest_amount_is_a_trillion() -> None:
    assert micros("1000000000000") == micros(-(10**12)) * -1 == 10**18
    for amount in ("1000000000000.000001", "-1000000000000.000001"):
        with pytest.raises(ValueError, match="is more than 1,000,000,000,000 of the account currency"):
            micros(amount)


def test_a_decimal_comma_is_refused_with_advice() -> None:
    with pytest.raises(ValueError, match=r"'12,50' is not an amount of money: write 12\.50$"):
        micros("12,50")
    with pytest.raises(ValueError, match=r"is not an amount of money$"):
        micros("dear")


@given(st.floats(0, 1e6, allow_nan=False), st.integers(0, 10**12))
def test_a_price_reaches_a_floor_exactly_if_it_is_at_least_the_floor(floor: float, price: int) -> None:
    assert (price >= floor_micros(floor)) == (Decimal(price) / 1_000_000 >= Decimal(str(floor)))


@given(amounts)
def test_an_impression_costs_a_thousandth_of_its_cpm_rounded_to_a_micro(cpm_micros: int) -> None:
    assert abs(impression_cost(cpm_micros) * 1000 - cpm_micros) <= 500


def test_half_a_micro_is_rounded_to_the_even_micro() -> None:
    assert [impression_cost(n) for n in (500, 1500, 2500, 12_500_000)] == [0, 2, 2, 12_500]


@pytest.mark.parametrize("amount", ["$4.20", "4,20 €", "1,000", "1,000.50", "12,", "1\u202f500", "1.500.000", "5 USD"])
def test_an_amount_with_signs_or_separators_is_refused_with_advice(amount: str) -> None:
    with pytest.raises(ValueError, match=r"is not an amount of money: write digits and a decimal point, such as 1500"):
        micros(amount)
