"""`alpha_3`: either code of ISO 3166-1 in a request matches the same targeting."""

import json

import pytest

from bidder.auction.attributes import request_attributes
from bidder.countries import ALPHA_3, alpha_3
from bidder.openrtb.parse import parse
from tests.support.campaigns import EVERYTHING, NOW, campaign


def test_each_country_has_a_unique_alpha_2_and_alpha_3_code() -> None:
    assert len(ALPHA_3) == 249 + 3
    assert all(len(two) == 2 and len(three) == 3 and (two + three).isupper() for two, three in ALPHA_3.items())
    assert len(set(ALPHA_3.values())) == 249 + 1  # GBR and GRC have two


@pytest.mark.parametrize(
    ("text", "expected"),
    [("US", "USA"), ("DE", "DEU"), ("CH", "CHE"), ("GB", "GBR"), ("UK", "GBR"), ("USA", "USA"), ("??", "??")],
)
def test_a_country_code_is_converted_to_alpha_3(text: str, expected: str) -> None:
    assert alpha_3(text) == expected


@pytest.mark.parametrize("country", ["US", "us", "USA", "usa "])
@pytest.mark.parametrize("region", ["CA", "US-CA"])
def test_country_and_region_of_a_request_have_one_normal_form(country: str, region: str) -> None:
    geo = {"country": country, "region": region}
    request = parse(json.dumps({"id": "r", "imp": [{"id": "1"}], "device": {"geo": geo}}).encode())
    values = request_attributes(request, EVERYTHING, NOW, {})
    assert (values["country"], values["region"]) == (("usa",), ("usa-ca",))


@pytest.mark.parametrize("values", [["US", "FR"], ["usa", "Fra"]])
def test_a_campaign_may_use_either_code(values: list[str]) -> None:
    own_campaign = campaign(targeting={"country": {"include": values}, "region": {"exclude": [f"{values[0]}-CA"]}})
    assert own_campaign.targeting["country"].include == ("usa", "fra")
    assert own_campaign.targeting["region"].exclude == ("usa-ca",)
