"""Limits of advertisers and budgets of deals in campaign files: parsed, refused with line and name, and exported."""

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.files import CampaignFile, InvalidCampaignFile, as_lines, as_yaml
from bidder.campaigns.pacing_mode import Mode
from tests.support.campaigns import campaign

LIMITS = """advertisers:
  - domain: Shop.example
    time_zone: Europe/Berlin
    budget: {daily: 1000, total_impressions: 900000, pacing: even}
    flight: {end: 2027-01-01T00:00:00Z}
"""


def read(text: str, name: str = "file") -> CampaignFile:
    return CampaignFile(BytesIO(text.encode()), name, None)


def test_a_section_of_a_yaml_file_states_the_limits() -> None:
    file = read(LIMITS)

    [item] = file.advertisers
    assert (item.domain, item.time_zone, len(file)) == ("shop.example", "Europe/Berlin", 0)
    assert (item.budget.daily_micros, item.budget.total_impressions) == (1_000_000_000, 900_000)
    assert item.budget.pacing is Mode.EVEN


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("daily: 1000", "daily: -1"), "file:4:14: Shop.example: budget.daily: must be more than 0"),
        (("daily: 1000", "dayly: 1"), "file:4:14: Shop.example: budget.dayly: not known; did you mean daily"),
        (("Europe/Berlin", "Europe/Berlim"), "file:3:5: Shop.example: time_zone: .* not a zone"),
        (("Shop.example", "shop"), "file:2:5: shop: domain: .*a domain, such as"),
        (("    flight:", "  - {domain: shop.example}\n  - domain: x.example\n    flight:"), "more than one advertiser"),
        (
            ("    flight:", "    frequency_caps: [{impressions: 1, window: day, level: campaign}]\n    flight:"),
            "counts for the advertiser, not for a campaign",
        ),
        (("advertisers:", "advertiser:"), "campaigns: is missing, or no list"),
        (("advertisers:\n", "advertisers:\n  - 7\n"), r"file:2:5: advertisers\[0\]: is not an advertiser"),
    ],
)
def test_a_mistake_is_reported_with_its_line_and_field(change: tuple[str, str], message: str) -> None:
    assert change[0] in LIMITS
    with pytest.raises(InvalidCampaignFile, match=message):
        read(LIMITS.replace(*change))


def test_a_daily_budget_above_the_total_gets_a_warning_for_advertisers_and_deals() -> None:
    deal = {"id": "d", "cpm": 5, "budget": {"daily": 5, "total": 1}}
    text = as_yaml(
        [campaign(deals=[deal])],
        [AdvertiserLimits.model_validate({"domain": "shop.example", "budget": {"daily": 5, "total": 1}})],
    )

    assert [warning.split(": ", 1)[1] for warning in read(text).warnings] == [
        "shop.example: budget.daily: 5.00 is more than the total, 1.00",
        "plain: deals[d].budget.daily: 5.00 is more than the total, 1.00",
    ]


def test_csv_has_a_line_for_an_advertiser_and_columns_for_the_budgets_of_deals() -> None:
    head = "id,domain,time_zone,budget.daily,name,advertiser.name,advertiser.domain,deal.id,deal.cpm,deal.budget.total"
    head += ",creative.id,creative.name,creative.duration,creative.click_through,media.url,media.mime,media.width"
    head += ",media.height,media.bitrate"
    plain = ",spot,Spot,15,https://shop.example/,https://cdn.example/a.mp4,video/mp4,640,360,500"
    rows = [
        head,
        ",shop.example,Asia/Tokyo,100" + "," * 15,
        f"one,,,7,One,Shop,shop.example,d,5,20{plain}",
        ",,,,,,,e,6,30" + "," * 9,
    ]
    file = read("\n".join(rows), "table.csv")

    [limits], [result] = file.advertisers, list(file)
    assert (limits.domain, limits.time_zone, limits.budget.daily_micros) == ("shop.example", "Asia/Tokyo", 100_000_000)
    assert result.budget.daily_micros == 7_000_000
    assert [(deal.id, deal.budget and deal.budget.total_micros) for deal in result.deals] == [
        ("d", 20_000_000),
        ("e", 30_000_000),
    ]


amounts = st.none() | st.integers(1, 10**12)
budgets = st.builds(
    lambda total, daily, hourly, shown, pacing: {
        "total_micros": total,
        "daily_micros": daily,
        "hourly_micros": hourly,
        "daily_impressions": shown,
        "pacing": pacing,
    },
    amounts,
    amounts,
    amounts,
    amounts,
    st.sampled_from([None, *Mode]),
)


@given(budgets, budgets, st.sampled_from(["UTC", "Asia/Kolkata"]))
def test_an_export_is_read_back_unchanged(of_advertiser: Any, of_deal: Any, zone: str) -> None:
    caps = [{"impressions": 3, "window": "day"}]
    document = {"domain": "shop.example", "time_zone": zone, "budget": of_advertiser, "frequency_caps": caps}
    limits = AdvertiserLimits.model_validate(document)
    own_campaign = campaign(deals=[{"id": "d", "cpm": 5, "budget": of_deal}])
    for text in (as_yaml([own_campaign], [limits]), "\n".join(as_lines([own_campaign], [limits]))):
        file = read(text)
        assert file.advertisers == [limits]
        assert [entry.deals for entry in file] == [own_campaign.deals]
    assert Campaign.model_validate(json.loads(own_campaign.model_dump_json(exclude_defaults=True))) == own_campaign
