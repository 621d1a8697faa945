"""Third-party clients on `chalice local`: Prebid.js, vast-client and Chromium's player."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bidder.campaigns.repository import CampaignRepository
from bidder.delivery.budget import Spend
from bidder.events.ledger import Ledger
from tests.integration.npm_clients import Browser
from tests.integration.polling import poll
from tests.integration.publisher import PublisherPage, publisher
from tests.integration.subscriber import Subscriber, backlog
from tests.support.campaigns import campaign, creative, media
from tests.support.matchable import video_request
from tools.clips import Clip, make
from tools.ministack import MiniStack

COUNTRY, NOWHERE = "FIN", "ATA"
CAMPAIGN = "in-browsers"
TITLE = '5 > 4 & "so on" é'
SECONDS = 2
FORM = {"width": 320, "height": 180, "bitrate": 300}
CLIPS = [Clip(f"media/clip.{name}", "Clip", duration=SECONDS, mime=f"video/{name}", **FORM) for name in ("mp4", "webm")]
VIDEO = {"mimes": [clip.mime for clip in CLIPS], "protocols": [2, 3, 7, 11, 13], "skip": 1, "maxduration": 30}


@pytest.fixture(scope="module")
def selling(
    browser: Browser,  # noqa: ARG001  nothing is made where the tests are skipped
    local_aws: MiniStack,
    stack: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """The stack with a campaign for one country in a new snapshot. Its clip is short, in MP4 and in WebM."""
    session, folder = local_aws.session(), tmp_path_factory.mktemp("clips")
    for clip in CLIPS:
        session.client("s3").put_object(
            Bucket=stack["BIDDER_CREATIVE_BUCKET"],
            Key=clip.key,
            Body=make(clip, folder).read_bytes(),
            ContentType=clip.mime,
        )
    renditions = [media(url=stack["BIDDER_MEDIA_URL"] + clip.key, mime=clip.mime, **FORM) for clip in CLIPS]
    spot = creative(name=TITLE, duration=SECONDS, skip_offset=1, media=renditions)
    own_campaign = campaign(id=CAMPAIGN, cpm=12.5, targeting={"country": {"include": [COUNTRY]}}, creatives=[spot])
    tables = (stack["BIDDER_CAMPAIGNS_TABLE"], stack["BIDDER_HISTORY_TABLE"])
    CampaignRepository(session.client("dynamodb"), *tables).put(own_campaign)
    session.client("sns").publish(TopicArn=stack["BIDDER_REFRESH_TOPIC"], Message="{}")
    return stack


@pytest.fixture(scope="module")
def page(
    browser: Browser, selling: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PublisherPage]:
    with publisher(browser, selling, tmp_path_factory.mktemp("tls"), request(COUNTRY)) as running:
        yield running


def request(country: str, **video: Any) -> dict[str, Any]:
    return video_request(video=VIDEO | video, device={"geo": {"country": country}})


def auction(page: PublisherPage, country: str = COUNTRY) -> Any:
    return page.call("auction", bidder=page.bidder, video=VIDEO, ortb2={"device": {"geo": {"country": country}}})


def won_bid(page: PublisherPage) -> Any:
    [bid] = auction(page)["bids"]
    return bid


def test_prebid_accepts_the_bid_and_returns_its_vast(page: PublisherPage) -> None:
    bid = won_bid(page)

    assert (bid["cpm"], bid["currency"], bid["mediaType"]) == (12.5, "USD", "video")
    assert (bid["creativeId"], bid["duration"], bid["meta"]["advertiserDomains"]) == ("spot", SECONDS, ["shop.example"])
    [exchange] = page.observed
    assert exchange.status == 200
    assert exchange.sent["content-type"] == "text/plain"
    assert exchange.response_headers["content-encoding"] == "gzip"
    document = page.call("read", vast=bid["vastXml"])
    assert (document["version"], [ad["title"] for ad in document["ads"]]) == ("4.2", [TITLE])


def test_prebid_treats_204_as_a_no_bid_without_errors(page: PublisherPage) -> None:
    assert auction(page, NOWHERE) == {"bids": [], "timedOut": False}
    assert page.statuses() == {("POST", 204)}


WATCHED = ("creativeView", "start", "firstQuartile", "midpoint", "thirdQuartile", "complete")
"""The tracking events of an ad that is played to the end."""


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.mime)
def test_the_browser_plays_the_media_to_the_end(page: PublisherPage, clip: Clip) -> None:
    playback = page.call("watch", vast=won_bid(page)["vastXml"], mime=clip.mime)

    assert playback["ended"]
    assert playback["size"] == playback["said"]["size"] == [clip.width, clip.height]
    assert playback["said"]["duration"] == SECONDS
    assert playback["duration"] == pytest.approx(SECONDS, abs=0.1)
    assert playback["played"] == pytest.approx(playback["duration"])


def test_every_tracking_event_arrives_and_the_impression_is_billed_once(
    page: PublisherPage, local_aws: MiniStack, stack: dict[str, str]
) -> None:
    session = local_aws.session()
    ledger = Ledger(session.client("dynamodb"), stack["BIDDER_LEDGER_TABLE"])

    def spent_micros() -> int:
        return ledger.spends({CAMPAIGN: datetime.now(UTC)}).get(CAMPAIGN, Spend()).total_micros

    events = Subscriber(local_aws, stack["BIDDER_EVENTS_TOPIC"], CAMPAIGN)
    poll(lambda: backlog(local_aws, "bidder-ledger") == 0)  # events of earlier tests
    vast, before = won_bid(page)["vastXml"], spent_micros()

    page.call("watch", vast=vast, mime="video/mp4")
    assert page.statuses() == {("GET", 200)}
    kinds = sorted([*WATCHED, "impression"])
    poll(lambda: len(events.kinds()) >= len(kinds))
    assert events.kinds() == kinds

    assert page.call("interrupt", vast=vast, errorCode="405") == {
        "clickThrough": "https://shop.example/",
        "skipDelay": 1,
    }
    assert page.statuses() == {("GET", 200)}
    poll(lambda: len(events.kinds()) >= len(kinds) + 3)
    assert events.kinds() == sorted([*kinds, "click", "error", "skip"])
    assert [event["error_code"] for event in events.arrived if event["kind"] == "error"] == [405]

    page.call("watch", vast=vast, mime="video/webm")
    poll(lambda: events.kinds().count("impression") == 2)
    poll(lambda: backlog(local_aws, "bidder-ledger") == 0)
    assert len({event["bid_id"] for event in events.arrived}) == 1
    assert spent_micros() - before == 12_500


def test_a_player_that_loads_prebids_vast_url_gets_the_ad_and_counts_no_win(
    page: PublisherPage, local_aws: MiniStack, stack: dict[str, str]
) -> None:
    events = Subscriber(local_aws, stack["BIDDER_EVENTS_TOPIC"], CAMPAIGN)
    bid = won_bid(page)

    loaded = [page.call("fetched", url=bid["vastUrl"]) for _ in range(2)]

    assert loaded == [{"version": "4.2", "titles": [TITLE], "sequences": [None]}] * 2
    assert page.statuses() == {("GET", 200)}
    page.call("watch", vast=bid["vastXml"], mime="video/mp4")
    poll(lambda: "complete" in events.kinds())
    assert "win" not in events.kinds()


def test_a_player_that_loads_an_ad_tag_gets_the_ad_in_the_default_version(page: PublisherPage) -> None:
    tag = f"https://{page.bidder}/vast?mimes=video/mp4,video/webm&country={COUNTRY}&page=[PAGEURL]&cb=[CACHEBUSTING]"

    assert page.call("fetched", url=tag) == {"version": "3.0", "titles": [TITLE], "sequences": [None]}
    assert page.statuses() == {("GET", 200)}


def test_a_page_that_posts_json_with_credentials_gets_vast(page: PublisherPage) -> None:
    answer = page.call("ask", url=f"https://{page.bidder}/bid", request=request(COUNTRY))

    assert page.statuses() == {("OPTIONS", 204), ("POST", 200)}
    assert (answer["type"], len(answer["ads"])) == ("application/xml", 1)


def test_a_player_gets_an_empty_vast_for_a_no_bid(page: PublisherPage) -> None:
    answer = page.call("ask", url=f"https://{page.bidder}/bid", request=request(NOWHERE))

    assert (answer["status"], answer["ads"]) == (200, [])


MORE_EVENTS = {
    "2.0": ["fullscreen", "acceptInvitation"],
    "3.0": ["skip", "fullscreen", "acceptInvitationLinear", "closeLinear"],
    "4.0": ["skip", "playerExpand", "acceptInvitationLinear"],
    "4.2": ["skip", "playerExpand", "acceptInvitation", "closeLinear"],
}
"""The further tracking events of a version for an ad of two seconds, which is too short for `progress`."""


@pytest.mark.parametrize(("protocol", "version"), [(2, "2.0"), (3, "3.0"), (7, "4.0"), (13, "4.2")])
def test_a_player_of_one_vast_version_gets_that_version(page: PublisherPage, protocol: int, version: str) -> None:
    answer = page.call("ask", url=f"https://{page.bidder}/bid", request=request(COUNTRY, protocols=[protocol]))

    [ad] = answer["ads"]
    [linear] = ad["creatives"]
    assert answer["version"] == version
    assert [file["mimeType"] for file in linear["mediaFiles"]] == VIDEO["mimes"]
    assert (linear["duration"], linear["skipDelay"]) == (SECONDS, None if protocol == 2 else 1)
    assert set(linear["trackingEvents"]) == {*WATCHED, "mute", "unmute", "pause", "resume", *MORE_EVENTS[version]}
