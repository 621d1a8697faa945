"""Campaigns in CSV: equal to the same campaigns in YAML, or refused with line and column."""

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.files import CampaignFile, InvalidCampaignFile, read_campaigns
from tests.support.campaigns import campaign, creative, media

SAMPLE = Path(__file__).parents[3] / "samples/campaigns.csv"
HEAD = "id,name,advertiser.name,advertiser.domain,cpm,creative.id,creative.name,creative.duration,"
HEAD += "creative.click_through,media.url,media.mime,media.width,media.height,media.bitrate"
ROW = "c,C,Shop,shop.example,5,s,Spot,15,https://shop.example/,https://cdn.example/a.mp4,video/mp4,640,360,500"


def test_the_sample_is_read_without_a_warning() -> None:
    with SAMPLE.open("rb") as file:
        read = CampaignFile(file, "campaigns.csv", "http://127.0.0.1:4566/creatives/")

    tea, bikes = read
    assert read.warnings == []
    assert [(creative_item.id, len(creative_item.media)) for creative_item in tea.creatives] == [
        ("tea-15s", 2),
        ("tea-6s", 1),
    ]
    assert (tea.cpm_micros, tea.budget.total_micros, tea.categories) == (4_200_000, 3_000_000_000, ("IAB8-5", "IAB8-6"))
    assert tea.targeting["country"].include == ("gbr", "irl")
    assert (bikes.status, bikes.flight.start, bikes.creatives[0].language) == ("paused", None, "de")


def rows_of(iterable: Iterable[Campaign]) -> Iterable[dict[str, str]]:
    """A naive CSV table of campaigns: a row for each media file, with all columns filled."""
    for entry in iterable:
        for number, spot in enumerate(entry.creatives):
            for position, file in enumerate(spot.media):
                yield {
                    "id": entry.id,
                    "name": entry.name if not number and not position else "",
                    "advertiser.name": entry.advertiser.name,
                    "advertiser.domain": entry.advertiser.domain,
                    "cpm": f"{(entry.cpm_micros or 0) / 1_000_000}",
                    "domain.include": "|".join(entry.targeting["domain"].include),
                    "deal.id": entry.deals[0].id,
                    "deal.cpm": f"{entry.deals[0].cpm_micros / 1_000_000}",
                    "creative.id": spot.id,
                    "creative.name": spot.name,
                    "creative.duration": f"{spot.duration}",
                    "creative.click_through": spot.click_through or "",
                    **{f"media.{name}": str(value) for name, value in file.model_dump(exclude_none=True).items()},
                }


@given(
    st.lists(
        st.lists(st.lists(st.sampled_from(["a", "b,c", 'd"e', "f;g"]), min_size=1, max_size=2), min_size=1, max_size=3),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from([lambda text: text, lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n")]),
)
def test_a_table_is_read_back_as_its_campaigns(
    shape: list[list[list[str]]], separator: str, form: Callable[[str], str]
) -> None:
    result = [
        campaign(
            id=f"c{number}",
            name=f"Campaign, {number}",
            targeting={"domain": {"include": ["news.example", "sport.example"]}},
            deals=[{"id": "d", "cpm": 7}],
            creatives=[
                creative(
                    id=f"s{position}",
                    name=names[0],
                    media=[media(url=f"https://cdn.example/{rank}.mp4") for rank in range(len(names))],
                )
                for position, names in enumerate(spots)
            ],
        )
        for number, spots in enumerate(shape)
    ]
    written = io.StringIO()
    rows = list(rows_of(result))
    writer = csv.DictWriter(written, rows[0], delimiter=separator, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)

    assert read_campaigns(form(written.getvalue()), None) == result


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD.replace("cpm", "cmp") + "\n" + ROW, "f.csv:2:5: c: cmp: not known; did you mean cpm"),
        (f"{HEAD}\n{ROW.replace('15', 'long')}", r"f.csv:2:8: c: creatives\[s\].duration: 'long'"),
        (f"{HEAD}\n{ROW},more", "f.csv:2:15: the head has no name for column 15, which has 'more'"),
        (f"{HEAD},\n{ROW},more", "f.csv:2:15: the head has no name for column 15"),
        (f"{HEAD}, cpm\n{ROW},5", "f.csv:1: cpm: in the head more than once"),
        (f"{HEAD},CPM\n{ROW},5", "f.csv:1: CPM and cpm: in the head more than once"),
        (
            f"{HEAD},country.include,targeting.country.include\n{ROW},US,CA",
            "f.csv:1: country.include and targeting.country.include: in the head more than once",
        ),
        (f"{HEAD},budget.daily,budget\n{ROW},5,6", "f.csv:1: budget.daily is a part of the column budget"),
        (f"{HEAD},creatives\n{ROW},x", "f.csv:1: creative.click_through is a part of the column creatives"),
        (f"{HEAD},creative.media\n{ROW},x", "f.csv:1: media.bitrate is a part of the column creative.media"),
        (f"{HEAD},budget..daily\n{ROW},5", "f.csv:1:15: 'budget..daily' is not the path of a field"),
        (
            f"{HEAD},deal.id,deal.cpm\n{ROW},d,9\nc{',' * 14}d,8",
            "f.csv:3:16: cpm is not what line 2 has for the same deal",
        ),
        (
            f"{HEAD},domain\n{ROW},\n,,,,,s,{',' * 8}shop.example",
            "f.csv:3:6: creative.id: a row with a domain has the limits of an advertiser, and no creative",
        ),
        (f"\n\n{HEAD}\n\n{ROW.replace('15', 'long')}", r"f.csv:5:8: c: creatives\[s\].duration: 'long'"),
        (HEAD + "\n" + ROW.replace("Spot", '"Spot\none"').replace(",5,", ",five,"), "f.csv:2:5: c: cpm: 'five'"),
        (f'{HEAD}\n{ROW}\nd,"{ROW}\n{ROW}', "f.csv:3: not CSV: .* in the row that begins here"),
        ("sep=;\n", "f.csv:1: the head has no column id"),
        (f"{HEAD}\n{ROW}\n{ROW.replace(',5,', ',6,')}", "f.csv:3:5: cpm is not what line 2 has for the same campaign"),
        (f"{HEAD}\n{ROW}\n{ROW.replace('Spot', 'Other')}", "f.csv:3:7: name is not what line 2 has for the same creat"),
        (HEAD.replace("id,name", "name,title") + "\n" + ROW, "f.csv:1: the head has no column id"),
        (f"{HEAD},cpm\n{ROW},5", "f.csv:1: cpm: in the head more than once"),
        (f'{HEAD}\n"{ROW}', "f.csv:2: not CSV"),
        (f"{HEAD}\n{ROW}\nd{ROW[1:]}\n{ROW}", "f.csv:4:1: c: id: the id is given to more than one campaign"),
        (
            f"{HEAD},country.include\n{ROW},US|UK",
            r"f.csv:2:15: c: targeting.country.include\[1\]: 'UK' is not a country",
        ),
        (
            f"{HEAD},country\n{ROW},US",
            "f.csv:2:15: c: targeting.country: has the keys include, exclude, all; it is 'US'",
        ),
        (
            f"{HEAD},country.inclde\n{ROW},US",
            "f.csv:2:15: c: targeting.country.inclde: not known; did you mean include",
        ),
        (f"{HEAD},deal.inclde\n{ROW},d", r"f.csv:2:15: c: deals\[0\].inclde: not known"),
    ],
)
def test_a_mistake_is_reported_with_line_and_column(text: str, message: str) -> None:
    with pytest.raises(InvalidCampaignFile, match=message):
        read_campaigns(text, None, name="f.csv")


def test_an_empty_cell_is_an_absent_value() -> None:
    [read] = read_campaigns(f"{HEAD},budget.daily,time_zone\n{ROW},,\n", None, name="f.csv")

    assert (read.budget.daily_micros, read.time_zone) == (None, "UTC")


@pytest.mark.parametrize(
    "table",
    [
        f"{HEAD},,\n{ROW},,\n",
        f"{HEAD}\n{ROW},,,\n,,,,,,,,,,,,,,,,,\n",
        f",{HEAD}\n,{ROW}\n",
        f"sep=;\n{HEAD}\n{ROW}\n".replace(",", ";"),
        f"sep=,\n{HEAD.replace(',', ';', 1)}\n{ROW}\n".replace("id;name", "id,name"),
        f'\n"sep=\t"\n\n{HEAD}\n{ROW}\n'.replace(",", "\t"),
        f"sep=;;;;\n{HEAD}\n{ROW}\n".replace(",", ";"),
        f"{HEAD.upper()}\n{ROW}\n",
        f"{HEAD.title().replace('_Through', '_through')}\n{ROW}\n",
        f"\ufeff{HEAD}\n{ROW}\n",
        f" {HEAD.replace(',', ' , ')} \n{ROW}\n",
    ],
)
@pytest.mark.parametrize("name", ["f.csv", "f"])
def test_tables_in_the_formats_of_spreadsheets_equal_the_plain_table(table: str, name: str) -> None:
    assert read_campaigns(table, None, name=name) == read_campaigns(f"{HEAD}\n{ROW}\n", None, name="f.csv")


def test_a_creative_and_a_deal_continue_by_their_ids_after_other_rows() -> None:
    head = f"{HEAD},deal.id,deal.cpm,deal.budget.daily"
    second = ROW.replace(",s,", ",t,").replace("/a.mp4", "/b.mp4")
    third = ROW.replace("/a.mp4", "/c.mp4")
    [read] = read_campaigns(f"{head}\n{ROW},d,9,\n{second},e,8,\n{third},d,,50\n", None, name="f.csv")

    assert [(spot.id, len(spot.media)) for spot in read.creatives] == [("s", 2), ("t", 1)]
    assert [(deal.id, deal.cpm_micros, deal.budget and deal.budget.daily_micros) for deal in read.deals] == [
        ("d", 9_000_000, 50_000_000),
        ("e", 8_000_000, None),
    ]


@pytest.mark.parametrize(
    ("cell", "warns"),
    [("1.500", True), ("12.000", True), ("1.50", False), ("0.125", False), ("1500.250", False), ("1500", False)],
)
@pytest.mark.parametrize("column", ["budget.daily", "budget.total", "deal.budget.hourly"])
def test_a_budget_with_a_point_before_three_digits_warns(column: str, cell: str, *, warns: bool) -> None:
    table = f"{HEAD},{column}{',deal.id,deal.cpm' if 'deal' in column else ''}\n{ROW},{cell}"
    table += ",d,9\n" if "deal" in column else "\n"
    read = CampaignFile(io.BytesIO(table.encode()), "f.csv", None)

    assert len(read) == 1
    if warns:
        [warning] = read.warnings
        number = cell.replace(".", "")
        assert warning.startswith("f.csv:2:15: c: ")
        assert warning.endswith(f"{cell!r} has a decimal point: if you mean {number}, write {number}")
    else:
        assert read.warnings == []


def test_a_budget_of_an_advertiser_gets_the_same_warning() -> None:
    read = CampaignFile(io.BytesIO(b"advertisers: [{domain: shop.example, budget: {daily: 3.000}}]"), "f.yaml", None)

    assert read.warnings == [
        "f.yaml:1:47: shop.example: budget.daily: '3.000' has a decimal point: if you mean 3000, write 3000"
    ]
