"""The publisher's page for tests of the player: its campaigns, its clips, and the calls of the player."""

import ssl
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.repository import CampaignRepository
from bidder.endpoints.web_files import PLAYER_VERSION, integrity
from tests.integration.npm_clients import Browser
from tests.integration.polling import poll
from tests.integration.publisher import PublisherPage, publisher
from tests.support.campaigns import campaign, creative, media
from tests.support.matchable import video_request
from tools.clips import Clip, make
from tools.ministack import MiniStack

ONE, POD, WRAPPER, MISSING, NOBODY = "FRO", "GRL", "SJM", "ALA", "ATA"
"""The countries of the campaigns: a skippable ad, a pod of three, a wrapper, a file that is not there; no campaign."""
SECONDS = 2
FORM = {"width": 320, "height": 180, "bitrate": 300}
AD, CONTENT = (
    Clip(f"media/player-{name}.mp4", name, duration=length, mime="video/mp4", **FORM)
    for name, length in (("ad", SECONDS), ("content", 8))
)
TO_THE_END = {"impression", "creativeView", "start", "firstQuartile", "midpoint", "thirdQuartile", "complete"}
PATIENT = {"timeout": 5000, "mediaTimeout": 10_000}
"""The time limits of a break on a busy machine, in milliseconds."""


def campaign_of(
    stack: dict[str, str], name: str, country: str, domain: str, file: str = AD.key, **more: Any
) -> Campaign:
    spot = creative(
        name=name, duration=SECONDS, media=[media(url=stack["BIDDER_MEDIA_URL"] + file, mime=AD.mime, **FORM)], **more
    )
    targeting = {"country": {"include": [country]}}
    return campaign(id=name, cpm=10, advertiser={"name": name, "domain": domain}, targeting=targeting, creatives=[spot])


@contextmanager
def player_page(
    browser: Browser,
    local_aws: MiniStack,
    stack: dict[str, str],
    repository: CampaignRepository,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[PublisherPage]:
    """Stores the clips and the campaigns, and serves the publisher's page while the context lasts."""
    session, folder = local_aws.session(), tmp_path_factory.mktemp("clips")
    for clip in (AD, CONTENT):
        body = make(clip, folder).read_bytes()
        bucket = stack["BIDDER_CREATIVE_BUCKET"]
        session.client("s3").put_object(Bucket=bucket, Key=clip.key, Body=body, ContentType=clip.mime)
    banner = {
        "id": "box",
        "url": "https://127.0.0.1:9/b.png",
        "mime": "image/png",
        "width": 300,
        "height": 250,
        "alt_text": "Shop",
    }
    repository.put(campaign_of(stack, "player-one", ONE, "one.example", skip_offset=1, companions=[banner]))
    for number in range(3):
        repository.put(campaign_of(stack, f"player-pod-{number}", POD, f"pod{number}.example"))
    repository.put(campaign_of(stack, "player-missing", MISSING, "missing.example", file="media/nowhere.mp4"))
    session.client("sns").publish(TopicArn=stack["BIDDER_REFRESH_TOPIC"], Message="{}")
    ready = video_request(video={"mimes": [AD.mime], "maxduration": 30}, device={"geo": {"country": MISSING}})
    with publisher(browser, stack, tmp_path_factory.mktemp("tls"), ready) as running:
        tag = {"url": f"https://{running.bidder}/vast?country={ONE}", "mimes": [AD.mime]}
        wrapper = creative(name="wrapper", duration=SECONDS, media=[], tag=tag, click_through=None)
        targeting = {"country": {"include": [WRAPPER]}}
        repository.put(campaign(id="player-wrapper", cpm=10, targeting=targeting, creatives=[wrapper]))
        session.client("sns").publish(TopicArn=stack["BIDDER_REFRESH_TOPIC"], Message="{}")
        poll(lambda: "<Wrapper>" in vast_of(running, WRAPPER))
        yield running


def vast_of(page: PublisherPage, country: str) -> str:
    context = ssl._create_unverified_context()  # noqa: S323  our own certificate of a day
    url = f"https://{page.bidder}/vast?country={country}&protocols=2,3,5,6"
    with urllib.request.urlopen(url, context=context, timeout=10) as answer:
        return str(answer.read().decode())


def show(page: PublisherPage, stack: dict[str, str], country: str, **options: Any) -> Any:
    """The result of `requestAd` on the publisher's page for a viewer in this country, by default with patience."""
    script = f"https://{page.bidder}/player.js?v={PLAYER_VERSION}"
    return page.call(
        "show",
        script={"src": script, "integrity": integrity("player.js")},
        content=stack["BIDDER_MEDIA_URL"] + CONTENT.key,
        **{"bidder": page.bidder, "request": {"device": {"geo": {"country": country}}}, **PATIENT, **options},
    )


def events(page: PublisherPage) -> Counter[str]:
    """The number of pixels in the last call, by event kind."""
    return Counter(each.path.split("/")[2] for each in page.observed if each.path.startswith("/e/"))


def assert_no_limit_was_awaited(milliseconds: float) -> None:
    """The content resumed by the end or the failure of the ad, not by the end of a time limit."""
    assert milliseconds < min(PATIENT.values())


def assert_content_is_back(playback: Any, stack: dict[str, str], at: float = 0) -> None:
    content = playback["content"]
    assert content["src"] == stack["BIDDER_MEDIA_URL"] + CONTENT.key
    assert (content["controls"], content["paused"], playback["left"]) == (True, False, 0)
    assert at <= content["position"] < at + 1.5


def tag_of(page: PublisherPage, country: str, **more: str) -> str:
    query = urllib.parse.urlencode({"country": country, "protocols": "2,3,5,6", "cb": "[CACHEBUSTING]", **more})
    return f"https://{page.bidder}/vast?{query}"
