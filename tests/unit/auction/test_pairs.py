"""Rules on pairs of offers, creatives and names, with expected results written by hand."""

import json
from collections import Counter
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from bidder.auction.capped_offers import apply_shared_caps
from bidder.auction.competitive_separation import are_separated
from bidder.auction.creative_fit import is_secure
from bidder.auction.decide import for_one_document
from bidder.auction.offer import CapRoom, Offer
from bidder.auction.opportunities import ConsideredTier
from bidder.auction.pod_packing import PodAd, PodSlot, pack_pods
from bidder.campaigns.campaign import Campaign
from bidder.openrtb.parse import parse
from tests.support.campaigns import campaign, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.matchable import video_request

if TYPE_CHECKING:
    from bidder.auction.decide import Rejections


def offers_of(request: dict[str, Any], *book: Campaign, **counted: Any) -> list[Offer]:
    snapshot = compile_snapshot(book)
    parsed = parse(json.dumps(request).encode())
    return decided(parsed, snapshot, **counted)


def offer(caps: tuple[tuple[str, int], ...] = (), owner: str = "shop.example", **changes: Any) -> Offer:
    [only_offer] = offers_of(video_request(), campaign(advertiser={"name": "A", "domain": owner}, **changes))
    return only_offer._replace(caps=tuple(CapRoom(*cap) for cap in caps))


RIVAL = "rival.example"


@pytest.mark.parametrize(
    ("first", "second", "is_separated"),
    [
        ({}, {}, True),
        ({"competes_in": ["cars"]}, {"competes_in": ["cars"], "owner": RIVAL}, False),
        ({"competes_in": ["cars"]}, {"competes_in": ["cars"]}, True),
        ({"competes_in": ["cars"]}, {"competes_in": ["banks"], "owner": RIVAL}, True),
        ({"competes_in": ["cars"]}, {"owner": RIVAL}, True),
        ({"competes_in": ["cars", "banks"]}, {"competes_in": ["banks"], "owner": RIVAL}, False),
        ({"once_a_request": True}, {}, False),
        ({"once_a_request": True}, {"once_a_request": True}, False),
        ({"once_a_request": True}, {"owner": RIVAL}, True),
        ({"once_a_request": True}, {"once_a_request": True, "owner": RIVAL}, True),
        ({"caps": (("c:plain", 1),)}, {}, False),
        ({"caps": (("c:plain", 2),)}, {}, True),
        ({"caps": (("c:plain", 1),)}, {"caps": (("c:plain", 1),)}, False),
        ({"caps": (("c:plain", 1),)}, {"id": "other"}, True),
        ({"caps": (("a:shop.example", 1),)}, {"id": "other"}, False),
        ({"caps": (("a:shop.example", 1),)}, {"id": "other", "owner": RIVAL}, True),
        ({"caps": (("r:plain/spot", 1),)}, {"creatives": [creative(id="spot")]}, False),
        ({"caps": (("r:plain/spot", 1),)}, {"creatives": [creative(id="another")]}, True),
        ({"caps": (("c:plain", 3), ("r:plain/spot", 1))}, {"creatives": [creative(id="another")]}, True),
    ],
)
def test_competitive_separation_of_two_offers(
    first: dict[str, Any], second: dict[str, Any], is_separated: bool
) -> None:
    pair = [offer(**first), offer(**second)]

    assert are_separated(pair) == is_separated
    assert are_separated(pair[::-1]) == is_separated
    assert are_separated(pair[:1])
    assert are_separated([])


def test_under_a_shared_cap_the_highest_offers_are_answered_in_their_order() -> None:
    offers = [offer((("c:plain", 2),), cpm=cpm) for cpm in (3, 9, 5, 9)] + [offer(id="other", cpm=1)]

    assert [(each.campaign.id, each.price.cpm_micros) for each in apply_shared_caps(offers)] == [
        ("plain", 9_000_000),
        ("plain", 9_000_000),
        ("other", 1_000_000),
    ]
    equal = [offer((("c:plain", 1),), cpm=5, creatives=[creative(id=name)]) for name in ("a", "b")]
    assert [each.fit.creative.id for each in apply_shared_caps(equal)] == ["a"]
    two = [offer((("c:plain", 1), ("r:plain/spot", 9)), cpm=5), offer((("c:plain", 1), ("r:plain/spot", 9)), cpm=4)]
    assert apply_shared_caps(two) == two[:1]
    free = [offer(), offer()]
    assert apply_shared_caps(free) == free


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://cdn.example/a", True),
        ("http://cdn.example/a", False),
        ("http://127.0.0.1:8000/a", True),
        ("http://localhost/a", True),
        ("http://[::1]:8000/a", True),
        ("http://127.0.0.2/a", False),
        ("//cdn.example/a", False),
        ("ftp://cdn.example/a", False),
    ],
)
def test_a_secure_page_loads_https_and_loopback_urls(url: str, secure: bool) -> None:
    assert is_secure(url) == secure


@pytest.mark.parametrize(
    ("domain", "badv", "is_blocked"),
    [
        ("shop.co.uk", "shop.co.uk", True),
        ("shop.co.uk", "www.shop.co.uk", True),
        ("shop.co.uk", "co.uk", False),
        ("shop.co.uk", "www.co.uk", False),
        ("shop.co.uk", "uk", False),
        ("www.co.uk", "co.uk", False),
        ("a.b.shop.co.uk", "b.shop.co.uk", True),
        ("a.b.shop.co.uk", "shop.co.uk", True),
        ("a.b.shop.co.uk", "c.shop.co.uk", False),
        ("a.b.shop.co.uk", "www.co.uk", False),
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "0.2.7", False),
        ("192.0.2.7", "2.7", False),
    ],
)
def test_a_blocked_domain_includes_its_subdomains(domain: str, badv: str, is_blocked: bool) -> None:
    owner = ".".join(domain.split(".")[-3:])
    buyer = campaign(advertiser={"name": "A", "domain": domain, "owner": owner})

    assert (offers_of(video_request(badv=[badv]), buyer) == []) == is_blocked


@pytest.mark.parametrize(
    ("own", "listed", "is_included"),
    [
        ("A-B-C", "A", True),
        ("A-B-C", "A-B", True),
        ("A-B-C", "A-B-C", True),
        ("A-B-C", "A-B-C-D", False),
        ("A-B-C", "B", False),
        ("A-BC", "A-B", False),
        ("AB", "A", False),
    ],
)
def test_a_category_includes_its_descendants(own: str, listed: str, is_included: bool) -> None:
    buyer = campaign(categories=[own], cattax=7)

    assert (offers_of(video_request(bcat=[listed], cattax=7), buyer) == []) == is_included
    assert bool(offers_of(video_request(acat=[listed], cattax=7), buyer)) == is_included
    assert offers_of(video_request(bcat=[listed], cattax=6), buyer)


def test_all_categories_of_a_campaign_must_be_allowed_and_none_blocked() -> None:
    both = campaign(categories=["IAB1", "IAB2"])

    for bcat, acat, bids in (
        (["IAB1"], [], False),
        (["IAB2"], [], False),
        (["IAB3"], [], True),
        ([], ["IAB1"], False),
        ([], ["IAB1", "IAB2"], True),
        (["IAB2"], ["IAB1", "IAB2"], False),
        (["IAB3"], ["IAB1", "IAB2"], True),
    ):
        assert bool(offers_of(video_request(bcat=bcat, acat=acat), both)) == bids, (bcat, acat)
    assert offers_of(video_request(acat=["IAB1"]), campaign()) == []
    assert offers_of(video_request(bcat=["IAB1"]), campaign())


def test_equal_impressions_outside_pods_are_decided_independently() -> None:
    book = [
        campaign(id="one"),
        campaign(id="two", creatives=[creative(id="a"), creative(id="b")]),
        campaign(id="three"),
        campaign(id="blocked", cpm=9, categories=["IAB1"]),
        campaign(id="cheap", cpm=1),
    ]
    video = {"mimes": ["video/mp4"], "protocols": [7, 13]}
    for number in range(10):
        rest = {"id": f"r{number}", "site": {"domain": "news.example"}, "bcat": ["IAB1"]}
        imps = [{"id": str(position), "video": video} for position in range(3)]
        imps.append({"id": "3", "video": {**video, "maxduration": 20}})
        rejections: Rejections = Counter()
        considered_tiers = list[ConsideredTier]()

        joint_offers = offers_of({**rest, "imp": imps}, *book, rejections=rejections, considered_tiers=considered_tiers)

        alone = [single for imp in imps for single in offers_of({**rest, "imp": [imp]}, *book)]
        assert [(o.slot.imp.id, o.campaign.id, o.fit.creative.id, o.draw, o.rotation_rank) for o in joint_offers] == [
            (o.slot.imp.id, o.campaign.id, o.fit.creative.id, o.draw, o.rotation_rank) for o in alone
        ]
        assert rejections == {("blocked", "category"): 2}
        assert len(considered_tiers) == 2


@pytest.mark.parametrize(("protocols", "ads"), [([2], 1), ([3], 2), ([7], 2)])
def test_a_vast_document_holds_several_ads_of_a_pod_since_vast_3(protocols: list[int], ads: int) -> None:
    video = {"mimes": ["video/mp4"], "protocols": protocols}
    videos = [{**video, "podid": "p"}, {**video, "podid": "p"}, {**video, "podid": "q"}, video]
    request = {"id": "r", "imp": [{"id": str(number), "video": each} for number, each in enumerate(videos)]}
    snapshot = compile_snapshot([campaign(creatives=[creative(id="a"), creative(id="b")])])
    parsed = parse(json.dumps(request).encode())
    offers = decided(parsed, snapshot)

    assert [offer.slot.imp.id for offer in for_one_document(parsed, offers)] == ["0", "1"][:ads]
    assert for_one_document(parsed, []) == []


@pytest.mark.parametrize(
    ("videos", "ids_in_document"),
    [
        ([{"sequence": 1}, {"sequence": 2}, {"sequence": 1}], ["0", "1"]),
        ([{"sequence": 1, "linearity": 2}, {"sequence": 2}, {"sequence": 1}, {"sequence": 2}], ["1"]),
        ([{"sequence": 1, "podid": "p"}, {"sequence": 2}, {"podid": "p"}], ["0", "2"]),
        ([{}, {"sequence": 1}, {"sequence": 2}], ["0"]),
        ([{"sequence": 1, "slotinpod": -1}, {"sequence": 2, "slotinpod": 1}], ["1", "0"]),
        ([{"podid": "p", "slotinpod": -1}, {"podid": "p", "slotinpod": 2}], ["1", "0"]),
        ([{"podid": "p"}, {"podid": "p", "slotinpod": 1}], ["1", "0"]),
    ],
)
def test_a_vast_document_holds_the_ads_of_a_break_in_their_positions(
    videos: list[dict[str, Any]], ids_in_document: list[str]
) -> None:
    imps = [{"id": str(number), "video": {"mimes": ["video/mp4"], **each}} for number, each in enumerate(videos)]
    parsed = parse(json.dumps({"id": "r", "imp": imps}).encode())
    snapshot = compile_snapshot([campaign(creatives=[creative(id="a"), creative(id="b")])])
    offers = decided(parsed, snapshot)

    assert [offer.slot.imp.id for offer in for_one_document(parsed, offers)] == ids_in_document


def test_a_rule_on_the_request_or_the_player_is_counted_once_per_impression() -> None:
    rejections: Rejections = Counter()
    assert offers_of(video_request(cur=["XTS"]), campaign(), rejections=rejections) == []
    assert rejections == {("", "currency"): 1}
    two = {"id": "r", "imp": [{"id": n, "video": {"mimes": ["video/mp4"], "linearity": 2}} for n in "ab"]}
    rejections = Counter()
    assert offers_of(two, campaign(), rejections=rejections) == []
    assert rejections == {("", "linearity"): 2}


def test_a_multiplier_by_hour_uses_the_campaigns_time_zone() -> None:
    berlin = campaign(id="berlin", time_zone="Europe/Berlin", multipliers={"hour": {"mon 13": 2}})
    tokyo = campaign(id="tokyo", time_zone="Asia/Tokyo", multipliers={"hour": {"mon 21": 3, "mon 13": 7}})
    elsewhere = campaign(id="x", cpm=1, time_zone="UTC", multipliers={"hour": {"mon 13": 5}})

    [winner] = offers_of(video_request(), berlin, elsewhere)
    assert (winner.campaign.id, winner.price.cpm_micros) == ("berlin", 10_000_000)
    [winner] = offers_of(video_request(), berlin, tokyo, elsewhere)
    assert (winner.campaign.id, winner.price.cpm_micros) == ("tokyo", 15_000_000)


def test_the_player_must_support_each_api_of_a_creative() -> None:
    for needed, has, bids in (
        ([7], [7], True),
        ([7], [1, 7], True),
        ([7], [1], False),
        ([], [1], True),
        ([1, 7], [7], False),
    ):
        buyer = campaign(creatives=[creative(apis=needed)])
        assert bool(offers_of(video_request(video={"api": has}), buyer)) == bids, (needed, has)


def test_a_vast_tag_needs_a_player_for_each_of_its_types() -> None:
    tag = {"url": "https://tags.example/a", "version": "3.0", "mimes": ["video/webm", "video/mp4"]}
    buyer = campaign(creatives=[creative(tag=tag, media=[], click_through=None)])
    wrapped = {"protocols": [3, 6]}

    assert offers_of(video_request(video=wrapped), buyer)
    assert offers_of(video_request(video={**wrapped, "mimes": ["video/webm"]}), buyer)
    assert offers_of(video_request(video={**wrapped, "mimes": ["video/ogg"]}), buyer) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_bound_of_the_search_never_excludes_the_best_filling(order: tuple[int, ...]) -> None:
    """Two ads of value 5 are worth more than one ad of value 9, at the limit of seconds and micros."""
    ads = [PodAd(9, 10, 0, 0), PodAd(5, 5, 0, 0), PodAd(1, 30, 0, 0)]
    choices = [ads[number] for number in order]
    [packing] = pack_pods([PodSlot(2, 10, choices)])

    assert [choices[number] for number in packing] == [PodAd(5, 5, 0, 0)] * 2


def test_the_bounds_of_the_search_are_exact_for_the_highest_prices() -> None:
    ads = [PodAd(10**18, 15, 0, 0), PodAd(1, 15, 0, 0)]

    assert pack_pods([PodSlot(10, None, ads)] * 3) == ((0,) * 10,) * 3


def test_a_search_takes_up_to_its_limit_of_steps() -> None:
    choices = [PodAd(5, 5, 0, 0)]

    assert pack_pods([PodSlot(3, None, choices)], max_steps=0) == ((),)
    assert pack_pods([PodSlot(3, None, choices)], max_steps=1) == ((0,),)
    assert pack_pods([PodSlot(3, None, choices)], max_steps=2) == ((0, 0),)
    assert pack_pods([PodSlot(3, None, choices)], max_steps=3) == ((0, 0, 0),)
