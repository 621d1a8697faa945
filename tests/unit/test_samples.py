"""samples/campaigns.yaml: valid, varied, and with bids on ordinary requests."""

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from bidder.auction.offer import Offer
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.files import read_campaigns
from bidder.money import MICROS
from bidder.openrtb.parse import parse
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.snapshot import Snapshot
from loadtest.requests import RequestKind
from tests.support.decision import decided
from tests.unit.loadtest.drawn import encoded, generate_requests
from tools.clips import clips

SAMPLES = Path(__file__).parents[2] / "samples"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LOCAL = "http://127.0.0.1:4566/creatives/"
NOT_YET = "kestrel-summer-fares"
ANY_VIDEO = (
    b'{"id": "1", "imp": [{"id": "1", "video": {"mimes": ["video/mp4"]}}], "site": {"page": "http://a.example"}}'
)


@cache
def samples() -> dict[str, Campaign]:
    text = (SAMPLES / "campaigns.yaml").read_text(encoding="utf-8")
    return {campaign.id: campaign for campaign in read_campaigns(text, LOCAL)}


@cache
def snapshot() -> Snapshot:
    index = Index.load([compile_index(samples().values())])
    return Snapshot(1, index, load_delivery(compile_delivery(index, {}, NOW), index))


def offers(body: bytes) -> list[Offer]:
    request = parse(body)
    return decided(request, snapshot())


def test_every_sample_campaign_is_valid_and_has_a_fictional_domain() -> None:
    assert len(samples()) == 13
    for campaign in samples().values():
        domain = campaign.advertiser.domain
        assert domain.endswith(".example")
        for creative in campaign.creatives:
            for link in creative.links():
                host = urlsplit(link).hostname
                assert host is not None
                assert host.removeprefix("www.") in {domain, "choices.example"}


def test_categories_are_of_content_taxonomy_1() -> None:
    for campaign in samples().values():
        assert campaign.categories
        rule = campaign.targeting.get("category")
        targeted = (*rule.include, *rule.exclude) if rule else ()
        for category in (*campaign.categories, *(t.upper() for t in targeted)):
            assert re.fullmatch(r"IAB([1-9]|1\d|2[0-6])(-\d{1,2})?", category)


def test_creatives_vary_and_each_clip_can_be_generated() -> None:
    creatives = [creative for campaign in samples().values() for creative in campaign.creatives]
    assert {creative.duration for creative in creatives} == {6, 10, 15, 20, 30}
    assert {creative.skip_offset is None for creative in creatives} == {True, False}
    media = [file for creative in creatives for file in creative.media]
    assert {(file.width, file.height) for file in media} >= {(640, 360), (1280, 720), (1920, 1080)}
    documents = yaml.safe_load((SAMPLES / "campaigns.yaml").read_text(encoding="utf-8"))["campaigns"]
    assert {LOCAL + clip.key for clip in clips(documents)} == {file.url for file in media}


def test_each_field_of_a_creative_has_an_example() -> None:
    creatives = [creative for campaign in samples().values() for creative in campaign.creatives]
    for part in ("tag", "icon", "verifications", "companions", "universal_ad_id"):
        assert any(getattr(creative, part) for creative in creatives), part


def test_prices_budgets_and_flights_vary() -> None:
    book = samples().values()
    assert [campaign.id for campaign in book if not campaign.bids_openly] == ["nimbus-night-ferry"]
    assert [campaign.id for campaign in book if not campaign.flight.covers(NOW)] == [NOT_YET]
    assert [campaign.id for campaign in book if campaign.goal and campaign.multipliers] == ["marlow-headphones"]
    assert any(campaign.flight.start and campaign.flight.end is None for campaign in book)
    assert min(campaign.budget.total_micros or MICROS for campaign in book) < MICROS


def test_two_campaigns_bid_above_2_usd_on_any_request() -> None:
    broad = [campaign for campaign in samples().values() if not campaign.targeting and campaign.cpm_micros]
    assert len(broad) == 2
    assert all(campaign.cpm_micros and campaign.cpm_micros > 2 * MICROS for campaign in broad)


@pytest.mark.parametrize(
    "body",
    [
        ANY_VIDEO,
        ANY_VIDEO.replace(b"video/mp4", b"video/webm"),
        ANY_VIDEO.replace(b'"id": "1", "video"', b'"id": "1", "secure": 1, "bidfloor": 2, "video"'),
        ANY_VIDEO.replace(b'["video/mp4"]', b'["video/mp4"], "minduration": 5, "maxduration": 15, "skip": 0'),
    ],
)
def test_ordinary_requests_get_a_bid(body: bytes) -> None:
    assert len(offers(body)) == 1


def test_the_sample_request_gets_its_campaign() -> None:
    (result,) = offers((SAMPLES / "request.json").read_bytes())
    assert result.campaign.id == "aurora-trail-shoes"
    assert {file.mime for file in result.fit.media} == {"video/mp4", "video/webm"}


def test_the_load_test_gets_bids_of_every_active_campaign() -> None:
    requests = [encoded(document) for kind, document, _ in generate_requests(3000) if kind is RequestKind.VIDEO]
    won = {offer.campaign.id for body in requests for offer in offers(body)}
    assert won == set(samples()) - {NOT_YET}
