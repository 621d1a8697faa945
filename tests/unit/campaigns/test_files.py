import pytest

from bidder.campaigns.campaign import Status
from bidder.campaigns.files import InvalidCampaignFile, as_lines, as_yaml, read_campaigns
from tests.support.campaigns import campaign

GOOD = """
campaigns:
  - id: aurora
    name: Aurora
    advertiser: {name: Aurora, domain: Aurora.example}
    cpm: 12.50
    budget: {daily: 500}
    targeting: {country: {include: USA}}
    creatives:
      - id: spot
        name: Spot
        duration: 15
        click_through: https://aurora.example/
        media:
          - {url: media/spot.mp4, mime: video/mp4, width: 640, height: 360, bitrate: 500}
          - {url: "https://cdn.example/spot.mp4", mime: video/mp4, width: 640, height: 360, bitrate: 500}
"""


def test_amounts_become_micros_and_relative_media_absolute() -> None:
    [campaign] = read_campaigns(GOOD, "http://127.0.0.1:4566/creatives/")

    assert campaign.cpm_micros == 12_500_000
    assert campaign.budget.daily_micros == 500_000_000
    assert campaign.budget.total_micros is None
    assert campaign.advertiser.domain == "aurora.example"
    assert campaign.targeting["country"].include == ("usa",)
    assert [file.url for file in campaign.creatives[0].media] == [
        "http://127.0.0.1:4566/creatives/media/spot.mp4",
        "https://cdn.example/spot.mp4",
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("cpm: 12.50", "cpm: -1"), "file:6:5: aurora: cpm: must be more than 0"),
        (("cpm: 12.50", "cpm: 0.0000001"), "file:6:5: aurora: cpm: .*finer than"),
        (("    cpm: 12.50\n", ""), "file:3:5: aurora: give cpm, .*can never bid"),
        (("duration: 15", "duration: 0"), r"file:12:9: aurora: creatives\[spot\].duration: "),
        (("targeting: {country", "targeting: {county"), "aurora: targeting.county: not known; did you mean country"),
        (("targeting: {country", "targeting: {xyz"), "file:8:17: aurora: targeting.xyz: not known; known here: "),
        (("daily: 500", "daily: 500, weekly: 3"), "aurora: budget.weekly: not known"),
        (("media/spot.mp4", "'media/a spot.mp4'"), r"aurora: creatives\[spot\].media\[0\].url: .* no blanks"),
        (("id: aurora", "id: a/b"), "a/b: id: 'a/b' is not an id"),
        (
            ("country: {include: USA}", "device_type: {include: [3, ctv]}"),
            r"file:8:44: aurora: targeting.device_type.include\[1\]: 'ctv' is not a number",
        ),
        (("country: {include: USA}", "length: {exclude: 25}"), "targeting.length.exclude: '25' is not one of 6, 10"),
        (("country: {include: USA}", "language: {all: english}"), "language.all: 'english' is not ISO 639-1"),
        (("country: {include: USA}", "user: {include: me@shop.example}"), "user.include: .* hex digits"),
        (("country: {include: USA}", "domain: {include: 'https://a.example/'}"), "domain.include: .* a domain alone"),
        (("country: {include: USA}", "region: {include: Texas}"), "region.include: 'Texas' is not a country and a"),
        (
            ("duration: 15", "duration: 15\n        targeting: {playback: {include: auto}}"),
            r"file:13:32: aurora: creatives\[spot\].targeting.playback.include: 'auto' is not",
        ),
        (("campaigns:", "campaign:"), "file:2:1: campaigns: is missing"),
        (("cpm: 12.50", "cpm: ["), "file:8:5: not YAML: "),
    ],
)
def test_the_error_names_campaign_and_field(change: tuple[str, str], field: str) -> None:
    assert change[0] in GOOD

    with pytest.raises(InvalidCampaignFile, match=field):
        read_campaigns(GOOD.replace(*change), "http://127.0.0.1:4566/creatives/")


def test_a_repeated_id_is_refused() -> None:
    with pytest.raises(InvalidCampaignFile, match="file:18:5: aurora: id: the id is given to more than one"):
        read_campaigns(GOOD + GOOD.split("campaigns:")[1], "http://127.0.0.1:4566/creatives/")


def test_names_that_would_make_event_urls_too_long_are_refused() -> None:
    long = campaign(id="c" * 64, cpm=None, deals=[{"id": "Großer Marktplatz " * 7, "cpm": 1}])

    with pytest.raises(InvalidCampaignFile, match=r"take \d+ letters .* shorten a deal's id, which takes 179"):
        read_campaigns(as_yaml([long]), None)


def test_an_export_is_imported_unchanged() -> None:
    paused = campaign(id="c2", budget={"daily": 5}, where={"not": {"os": {"include": ["ios"]}}}, cpm="0.000001")
    campaigns = [campaign(id="c1"), paused.model_copy(update={"status": Status.PAUSED})]

    assert read_campaigns(as_yaml(campaigns), None) == campaigns
    assert read_campaigns("\n".join(as_lines(campaigns)) + "\n\n", None) == campaigns


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("c2", "c 2"), "file:2:2: c 2: id: 'c 2' is not an id"),
        (('"id":"c2"', '"owner":"c2"'), "file:2:1: line 2: id: is missing"),
        (('"id":"c2"', '"name":"c2"'), "file:2:32: name is given twice"),
        (('{"id":"c2"', '["id":"c2"'), "file:2:6: not JSON: "),
        (("c2", "c1"), "file:2:2: c1: id: the id is given to more than one campaign"),
    ],
)
def test_an_error_names_the_line_of_the_file(change: tuple[str, str], field: str) -> None:
    lines = "\n".join(as_lines([campaign(id="c1"), campaign(id="c2")]))
    assert change[0] in lines

    with pytest.raises(InvalidCampaignFile, match=field):
        read_campaigns(lines.replace(*change), None)
