from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.multipliers import LEAST, MOST, factor, highest
from tests.support.campaigns import campaign

factors = st.decimals(Decimal("0.1"), 10, places=3)
tables = st.dictionaries(st.sampled_from(["country", "os", "break"]), st.dictionaries(st.sampled_from("abc"), factors))
observed_values = st.dictionaries(
    st.sampled_from(["country", "os", "break", "language"]), st.lists(st.sampled_from("abcd"))
)


@given(tables, observed_values)
def test_the_highest_multiplier_of_each_attribute_applies(table: Any, values: dict[str, list[str]]) -> None:
    product = Fraction(1)
    for attribute, entry in table.items():
        names = [Fraction(entry[value]) for value in values.get(attribute, []) if value in entry]
        product *= max(names) if names else 1

    assert factor(table, values) == min(max(product, LEAST), MOST)
    assert factor(table, values) <= highest(table)


def test_values_have_the_normal_form_of_targeting() -> None:
    own_campaign = campaign(multipliers={"country": {"US": 1.5}, "region": {"us-CA": 2}, "device_type": {3: 0.8}})

    assert own_campaign.multipliers == {
        "country": {"usa": Decimal("1.5")},
        "region": {"usa-ca": Decimal(2)},
        "device_type": {"3": Decimal("0.8")},
    }
    assert Campaign.model_validate_json(own_campaign.model_dump_json(exclude_defaults=True)) == own_campaign


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"cpm": None, "cpcv": 0.02}, "cpcv needs max_cpm"),
        ({"cpcv": 0.02, "max_cpm": 9}, "give one of cpm, cpcv"),
        ({"cpm": None}, "give cpm, a goal"),
        ({"cpm": None, "deals": [{"id": "d", "cpm": 5}], "max_cpm": 9}, "which needs cpm or a goal"),
        ({"multipliers": {"country": {"USA": 0.05}}}, "greater than or equal to 0.1"),
        ({"multipliers": {"country": {"USA": 10.5}}}, "less than or equal to 10"),
        ({"multipliers": {"country": {"USA": 1.2345}}}, "3 decimal places"),
        ({"multipliers": {"weather": {"rain": 2}}}, "country"),
        ({"multipliers": {"country": {}}}, "at least 1 item"),
    ],
)
def test_an_invalid_multiplier_is_refused_with_its_name(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        campaign(**changes)


@pytest.mark.parametrize(
    ("changes", "maximum"),
    [
        ({"cpm": 5}, 5_000_000),
        ({"cpm": 5, "multipliers": {"country": {"USA": 0.5}}}, 5_000_000),
        ({"cpm": 5, "multipliers": {"country": {"USA": 2, "FRA": 3}, "os": {"ios": 1.5}}}, 22_500_000),
        ({"cpm": 5, "multipliers": {"country": {"USA": 8}, "os": {"ios": 8}}}, 50_000_000),
        ({"cpm": 5, "multipliers": {"country": {"USA": 8}}, "max_cpm": 7}, 7_000_000),
        ({"cpm": None, "cpc": 3, "max_cpm": 7, "deals": [{"id": "d", "cpm": 9}]}, 9_000_000),
    ],
)
def test_the_highest_possible_bid_of_a_campaign(changes: dict[str, Any], maximum: int) -> None:
    assert campaign(**changes).top_cpm_micros == maximum
