"""The spelling of a value in requests and campaigns changes neither the decision nor its explanation."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.explain import explain
from bidder.campaigns.campaign import Campaign
from bidder.openrtb.parse import parse
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative, media
from tests.support.decision import decided
from tests.support.matchable import video_request


def rule(request: dict[str, Any], *campaigns: Campaign, seat: str = "bidder") -> str:
    """The outcome of the first campaign: `bids`, or the rule that removed it."""
    snapshot = compile_snapshot(campaigns)
    parsed = parse(json.dumps(request).encode())
    offers = decided(parsed, snapshot, seat=seat)
    [explanation] = explain(parsed, snapshot, seat, NOW, campaign_id=campaigns[0].id)
    assert bool(offers) == bool(explanation.bids)
    return explanation.campaigns[0].rule


SHOP = campaign(
    advertiser={"name": "Shop", "domain": "shop.example", "bundle": "com.Example.Shop"},
    categories=["iab7-39"],
    creatives=[creative(language="en")],
)
UMLAUT = campaign(advertiser={"name": "Schuhe", "domain": "Münchner-Schuhe.example"})
SENDING = st.sampled_from(
    [lambda text: text, lambda text: [text], lambda text: ["x1.test", text], lambda text: f"x.test, {text}"]
)


@given(
    st.sampled_from(
        [
            "shop.example",
            "SHOP.example ",
            "https://shop.example/a?b#c",
            "*.shop.example",
            "shop.example.",
            "//shop.example",
            "www.shop.example",
            "http://www.Shop.Example:80/",
            ".shop.example",
            "shop\xad.example",
            "shop。example",
        ]
    ),
    SENDING,
)
def test_a_blocked_advertiser_does_not_bid(text: str, sending: Any) -> None:
    assert rule(video_request(badv=sending(text)), SHOP) == "advertiser"
    assert rule(video_request(badv=sending(text.lower().replace("shop", "shops"))), SHOP) == "bids"


@pytest.mark.parametrize(
    "text", ["münchner-schuhe.example", "xn--mnchner-schuhe-gsb.example", "MÜNCHNER-SCHUHE.EXAMPLE."]
)
def test_unicode_and_punycode_are_the_same_domain(text: str) -> None:
    assert UMLAUT.advertiser.domain == "xn--mnchner-schuhe-gsb.example"
    assert rule(video_request(badv=[text]), UMLAUT) == "advertiser"
    pmp = {"private_auction": 1, "deals": [{"id": "D", "wadomain": [text]}]}
    deal = campaign(advertiser={"name": "x", "domain": UMLAUT.advertiser.domain}, deals=[{"id": "d", "cpm": 1}])
    assert rule(video_request(imp={"pmp": pmp}), deal) == "bids"


@given(st.sampled_from(["IAB7", "iab7", " IAB7-39", "iab7-39 "]), SENDING)
def test_a_blocked_category_does_not_bid(text: str, sending: Any) -> None:
    assert SHOP.categories == ("IAB7-39",)
    assert rule(video_request(bcat=sending(text)), SHOP) == "category"
    assert rule(video_request(acat=sending(text)), SHOP) == "bids"
    assert rule(video_request(acat=sending("IAB9")), SHOP) == "category"


def test_categories_of_later_taxonomies_match_in_any_case() -> None:
    own_campaign = campaign(categories=["JLBCU7"], cattax=7, categories_above={"JLBCU7": ["aBc"]})

    assert own_campaign.categories == ("JLBCU7",)
    for text in ("jlbcu7", "JLBCU7 ", "ABC"):
        assert rule(video_request(bcat=[text], cattax=7), own_campaign) == "category"
    assert rule(video_request(bcat=["jlbcu7"], cattax=6), own_campaign) == "bids"


@given(
    st.sampled_from(
        ["com.example.shop", " COM.Example.Shop", "https://play.google.com/store/apps/details?id=com.example.shop"]
    ),
    SENDING,
)
def test_a_blocked_app_does_not_bid(text: str, sending: Any) -> None:
    assert rule(video_request(bapp=sending(text)), SHOP) == "app"
    assert rule(video_request(bapp=sending(text.lower().replace("shop", "shops"))), SHOP) == "bids"


def test_an_apple_app_id_matches_with_and_without_its_prefix() -> None:
    own_campaign = campaign(advertiser={"name": "S", "domain": "shop.example", "bundle": "id123456789"})

    for text in ("123456789", "id123456789", "https://apps.apple.com/us/app/shop/id123456789?mt=8", 123456789):
        assert rule(video_request(bapp=[text]), own_campaign) == "app"
        request = video_request(app={"bundle": text})
        request.pop("site")
        assert rule(request, campaign(targeting={"bundle": {"include": ["ID123456789"]}})) == "bids"


@pytest.mark.parametrize("language", ["en", "EN", "en-US", "en_gb", "eng", " en "])
def test_a_language_matches_with_and_without_its_region(language: str) -> None:
    assert rule(video_request(wlang=[language]), SHOP) == "bids"
    assert rule(video_request(wlangb=f"de-DE, {language}"), SHOP) == "bids"
    assert rule(video_request(wlang=["de-AT"]), SHOP) == "language"
    assert rule(video_request(wlang=["de"]), campaign(creatives=[creative(language=language.strip())])) == "language"
    targeted = campaign(targeting={"language": {"include": [language]}})
    assert rule(video_request(device={"language": "en-AU"}), targeted) == "bids"


@pytest.mark.parametrize("country", ["us", "USA ", "Us"])
def test_a_country_matches_in_two_and_in_three_letters(country: str) -> None:
    targeted = campaign(targeting={"country": {"include": [country]}})

    for sent_text in ("USA", "us", " usa"):
        assert rule(video_request(device={"geo": {"country": sent_text}}), targeted) == "bids"


@pytest.mark.parametrize(
    "mime", ["video/mp4", "VIDEO/MP4", ' video/mp4; codecs="avc1.42E01E, mp4a.40.2"', "video/mp4;x=1"]
)
def test_a_mime_type_matches_with_and_without_parameters(mime: str) -> None:
    assert rule(video_request(video={"mimes": [mime]}), SHOP) == "bids"
    assert rule(video_request(video={"mimes": mime}), SHOP) == "bids"
    assert rule(video_request(), campaign(creatives=[creative(media=[media(mime=mime.strip())])])) == "bids"


@pytest.mark.parametrize("domain", ["news.example", "https://Sport.News.example/a", "NEWS.EXAMPLE.", "*.news.example"])
def test_a_site_matches_in_each_spelling_of_its_domain(domain: str) -> None:
    for text in ("news.example", "NEWS.example.", "*.news.example"):
        assert (
            rule(video_request(site={"domain": domain}), campaign(targeting={"domain": {"include": [text]}})) == "bids"
        )
    umlaut = campaign(targeting={"domain": {"include": ["bücher.example"]}})
    assert rule(video_request(site={"page": "https://www.xn--bcher-kva.example/x"}), umlaut) == "bids"


def deals(**deal: Any) -> dict[str, Any]:
    return video_request(imp={"pmp": {"private_auction": 1, "deals": [{"id": " Deal-1", **deal}]}})


@pytest.mark.parametrize("own", ["deal-1", "DEAL-1 ", "Deal-1"])
def test_a_deal_id_matches_in_any_case_and_the_bid_has_the_sent_spelling(own: str) -> None:
    own_campaign = campaign(deals=[{"id": own, "cpm": 3}])
    parsed = parse(json.dumps(deals()).encode())
    [offer] = decided(parsed, compile_snapshot([own_campaign]))

    assert (offer.price.deal_id, offer.price.sent_deal_id) == (own, " Deal-1")
    assert rule(deals(), own_campaign, campaign(id="other")) == "bids"


@pytest.mark.parametrize("seat", ["bidder", "Bidder", "BIDDER "])
def test_a_seat_matches_in_any_case(seat: str) -> None:
    deal_campaign = campaign(deals=[{"id": "deal-1", "cpm": 3}])
    assert rule(video_request(wseat=[seat]), SHOP, seat="Bidder") == "bids"
    assert rule(video_request(wseat=f"x, {seat}"), SHOP) == "bids"
    assert rule(video_request(bseat=[seat]), SHOP) == "seat"
    assert rule(deals(wseat=[seat]), deal_campaign) == "bids"
    assert rule(deals(wseat=["other"]), deal_campaign) != "bids"


@pytest.mark.parametrize("domain", ["shop.example", "WWW.shop.example", "https://shop.example/"])
def test_an_advertiser_of_a_deal_matches_with_and_without_www(domain: str) -> None:
    for own in ("shop.example", "www.shop.example"):
        own_campaign = campaign(advertiser={"name": "S", "domain": own}, deals=[{"id": "deal-1", "cpm": 3}])
        assert rule(deals(wadomain=[domain]), own_campaign) == "bids"
        assert rule(deals(wadomain=["other.example"]), own_campaign) == "deal"


@pytest.mark.parametrize("blank", ["", " ", [""], [" ", ""], [None], [None, ""], ","])
def test_a_list_of_blank_strings_counts_as_empty(blank: Any) -> None:
    for name in ("wseat", "bseat", "cur", "wlang", "wlangb", "acat", "bcat", "badv", "bapp"):
        assert rule(video_request(**{name: blank}), SHOP) == "bids"
    deal_campaign = campaign(deals=[{"id": "deal-1", "cpm": 3}])
    assert rule(deals(wseat=blank, wadomain=blank), deal_campaign) == "bids"
    assert rule(video_request(video={"protocols": blank, "battr": blank, "api": blank}), SHOP) == "bids"
