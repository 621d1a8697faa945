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
    ("change", "named"),
    [
        (("cpm: 12.50", "cpm: -1"), "aurora: cpm_micros: "),
        (("cpm: 12.50", "cpm: 0.0000001"), "aurora: campaign: .*finer than"),
        (("    cpm: 12.50\n", ""), "aurora: campaign: .*can never bid"),
        (("duration: 15", "duration: 0"), "aurora: creatives.0.duration: "),
        (("targeting: {country", "targeting: {planet"), "aurora: targeting.planet"),
        (("daily: 500", "daily: 500, weekly: 3"), "aurora: budget.weekly: "),
        (("media/spot.mp4", "'media/a spot.mp4'"), "aurora: creatives.0.media.0.url: "),
        (("id: aurora", "id: a/b"), "a/b: id: "),
        (("country: {include: USA}", "device_type: {include: [3, ctv]}"), "aurora: device_type: 'ctv' is not a number"),
        (("country: {include: USA}", "length: {exclude: 25}"), "aurora: length: '25' is not one of 6, 10"),
        (("country: {include: USA}", "language: {all: english}"), "aurora: language: 'english' is not ISO 639-1"),
        (("country: {include: USA}", "user: {include: me@shop.example}"), "aurora: user: .* hex digits"),
        (("country: {include: USA}", "domain: {include: 'https://a.example/'}"), "aurora: domain: .* a domain alone"),
        (
            ("country: {include: USA}", "region: {include: Texas}"),
            "aurora: region: 'texas' is not a country and a region",
        ),
        (
            ("duration: 15", "duration: 15\n        targeting: {playback: {include: auto}}"),
            "aurora: playback: 'auto' is not",
        ),
        (("campaigns:", "campaign:"), "file: campaigns: Field required"),
        (("cpm: 12.50", "cpm: ["), "not YAML"),
    ],
)
def test_the_error_names_campaign_and_field(change: tuple[str, str], named: str) -> None:
    assert change[0] in GOOD

    with pytest.raises(InvalidCampaignFile, match=named):
        read_campaigns(GOOD.replace(*change), "http://127.0.0.1:4566/creatives/")


def test_an_id_given_twice_is_refused() -> None:
    with pytest.raises(InvalidCampaignFile, match="aurora: the id is given to more than one"):
        read_campaigns(GOOD + GOOD.split("campaigns:")[1], "http://127.0.0.1:4566/creatives/")


def test_names_that_would_make_event_urls_too_long_are_refused() -> None:
    long = campaign(id="c" * 64, cpm=None, deals=[{"id": "Großer Marktplatz " * 7, "cpm": 1}])

    with pytest.raises(InvalidCampaignFile, match=r"take \d+ letters .* shorten a deal's id, which takes 179"):
        read_campaigns(as_yaml([long]), None)


def test_what_is_exported_is_imported_as_it_was() -> None:
    paused = campaign(id="c2", budget={"daily": 5}, where={"not": {"os": {"include": ["ios"]}}}, cpm="0.000001")
    campaigns = [campaign(id="c1"), paused.model_copy(update={"status": Status.PAUSED})]

    assert read_campaigns(as_yaml(campaigns), None) == campaigns
    assert read_campaigns("\n".join(as_lines(campaigns)) + "\n\n", None) == campaigns


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("c2", "c 2"), "c 2: id: "),
        (('"id":"c2"', '"name":"c2"'), "line 2: id: "),
        (('{"id":"c2"', '["id":"c2"'), "line 2: "),
        (("c2", "c1"), "c1: the id is given to more than one"),
    ],
)
def test_a_bad_line_is_named(change: tuple[str, str], named: str) -> None:
    lines = "\n".join(as_lines([campaign(id="c1"), campaign(id="c2")]))
    assert change[0] in lines

    with pytest.raises(InvalidCampaignFile, match=named):
        read_campaigns(lines.replace(*change), None)
