"""Pods from the request to the offers, compared with an exhaustive search over the bids of the oracle."""

import json
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bidder.auction import decide as under_test
from bidder.auction.competitive_separation import pack_pod
from bidder.auction.offer import Offer, campaign_offers
from bidder.campaigns.campaign import Campaign
from bidder.openrtb.parse import parse
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative, media
from tests.support.decision import decided
from tests.support.examples import examples
from tests.support.oracle import OracleBid, bids

ADOMAIN, CATEGORY, CREATIVE, MEDIA_FILE = 1, 2, 3, 4


@st.composite
def pod_requests(draw: st.DrawFn) -> dict[str, Any]:
    """Requests with one pod: structured, dynamic or hybrid."""
    imps: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 3))):
        video: dict[str, Any] = {"mimes": ["video/mp4", "video/webm"], "podid": "break", "api": [7]}
        if draw(st.booleans()):
            video |= {"poddur": draw(st.sampled_from([20, 30, 45])), "maxseq": draw(st.integers(1, 3))}
        if draw(st.booleans()):
            video["rqddurs"] = draw(st.sampled_from([[6], [15], [6, 30], [15, 30]]))
        if draw(st.booleans()):
            video["mincpmpersec"] = draw(st.sampled_from([0.1, 0.2]))
        imps.append({"id": str(number), "video": video})
    dedupe = draw(st.sampled_from([[], [ADOMAIN], [CATEGORY, MEDIA_FILE], [CREATIVE]]))
    imps[0]["video"]["poddedupe"] = dedupe
    return {"id": draw(st.sampled_from("abc")), "imp": imps}


@st.composite
def pod_campaigns(draw: st.DrawFn, max_size: int = 8) -> list[Campaign]:
    """Campaigns that match any pod. They differ in price, length, advertiser and category."""
    return [
        campaign(
            id=f"c{number}",
            cpm=draw(st.sampled_from([2, 2.5, 3, 4, 6])),
            advertiser={"name": "A", "domain": draw(st.sampled_from(["a.example", "b.example", "c.example"]))},
            categories=draw(st.lists(st.sampled_from(["IAB1", "IAB2"]), max_size=2, unique=True)),
            creatives=[
                creative(id=f"s{n}", duration=seconds, media=[media(url=f"https://cdn.example/{number}/{n}.mp4")])
                for n, seconds in enumerate(draw(st.lists(st.sampled_from([6, 10, 15, 30]), min_size=1, max_size=2)))
            ],
        )
        for number in range(draw(st.integers(0, max_size)))
    ]


def offers_of(request: dict[str, Any], campaigns: list[Campaign]) -> list[Offer]:
    snapshot = compile_snapshot(campaigns)
    parsed = parse(json.dumps(request).encode())
    return decided(parsed, snapshot)


def is_allowed(bids_of_pod: list[OracleBid], dedupe: list[int], by_id: dict[str, Campaign]) -> bool:
    owners = [by_id[bid.campaign_id] for bid in bids_of_pod]
    once: dict[int, list[Any]] = {
        CREATIVE: [(bid.campaign_id, bid.creative.id) for bid in bids_of_pod],
        ADOMAIN: [c.advertiser.domain for c in owners],
        CATEGORY: [category for c in owners for category in c.categories],
    }
    return all(len(set(once[kind])) == len(once[kind]) for kind in once if kind in {*dedupe, CREATIVE})


def highest_total(request: dict[str, Any], campaigns: list[Campaign]) -> int:
    """The highest total value of any set of ads that the pod can show."""
    dedupe = request["imp"][0]["video"]["poddedupe"]
    by_id = {c.id: c for c in campaigns}
    holds = []
    for imp in request["imp"]:
        video = imp["video"]
        possible = bids(request, imp, campaigns, NOW)
        maximum = video["maxseq"] if "poddur" in video else 1
        sets = [s for count in range(maximum + 1) for s in combinations(possible, count)]
        fits = [s for s in sets if "poddur" not in video or sum(b.creative.duration for b in s) <= video["poddur"]]
        holds.append(fits)
    packings = ([bid for part in parts for bid in part] for parts in product(*holds))
    return max(sum(b.price for b in chosen) for chosen in packings if is_allowed(chosen, dedupe, by_id))


@examples(1.5)
@given(pod_requests(), pod_campaigns(max_size=4))
def test_the_pod_has_the_set_of_ads_with_the_highest_total(request: dict[str, Any], campaigns: list[Campaign]) -> None:
    result = offers_of(request, campaigns)

    event(f"{len(result)} ads")
    assert sum(offer.price.cpm_micros for offer in result) == highest_total(request, campaigns)


@given(pod_requests(), pod_campaigns())
def test_the_ads_keep_all_limits_of_the_pod(request: dict[str, Any], campaigns: list[Campaign]) -> None:
    result = offers_of(request, campaigns)

    videos = {imp["id"]: imp["video"] for imp in request["imp"]}
    for imp_id, video in videos.items():
        lengths = [offer.fit.creative.duration for offer in result if offer.slot.imp.id == imp_id]
        assert len(lengths) <= (video["maxseq"] if "poddur" in video else 1)
        assert sum(lengths) <= video.get("poddur", 10**6)
        assert all(length in video["rqddurs"] for length in lengths if "rqddurs" in video)
    dedupe = videos["0"]["poddedupe"]
    observed: dict[int, list[Any]] = {
        ADOMAIN: [o.campaign.advertiser.domain for o in result],
        CATEGORY: [c for o in result for c in o.campaign.categories],
        CREATIVE: [(o.campaign.id, o.fit.creative.id) for o in result],
        MEDIA_FILE: [url for o in result for url in {file.url for file in o.fit.media}],
    }
    for kind in {*dedupe, CREATIVE}:
        assert len(set(observed[kind])) == len(observed[kind])


def in_sequence(*numbers: int) -> list[tuple[str, str]]:
    """The bids of two campaigns, each with two creatives, on impressions with these sequence numbers."""
    book = [
        campaign(id=name, cpm=cpm, creatives=[creative(id="a"), creative(id="b")])
        for name, cpm in (("dear", 9), ("cheap", 2))
    ]
    imps = [
        {"id": str(position), "video": {"mimes": ["video/mp4"], "sequence": number}}
        for position, number in enumerate(numbers)
    ]
    return [(o.slot.imp.id, f"{o.campaign.id}/{o.fit.creative.id}") for o in offers_of({"id": "r", "imp": imps}, book)]


def test_a_numbered_break_repeats_no_creative() -> None:
    result = in_sequence(1, 2, 3)

    assert [imp_id for imp_id, _ in result] == ["0", "1", "2"]
    assert len({name for _, name in result}) == 3
    assert {"dear/a", "dear/b"} < {name for _, name in result}
    assert len(in_sequence(1, 2, 3, 4, 5)) == 4


def test_a_repeated_sequence_number_begins_another_break() -> None:
    by_name = dict(in_sequence(1, 1, 2, 2, 0, 0))

    assert len(by_name) == 6
    assert by_name["0"] != by_name["2"]
    assert by_name["1"] != by_name["3"]
    assert all(name.startswith("dear/") for name in by_name.values())


def test_equal_slots_are_filled_as_if_each_were_searched_separately() -> None:
    book = [campaign(id=f"c{n}", cpm=1 + n / 10) for n in range(30)]
    video = {"mimes": ["video/mp4"], "podid": "p"}

    result = offers_of({"id": "r", "imp": [{"id": str(n), "video": video} for n in range(20)]}, book)

    assert [offer.slot.imp.id for offer in result] == [str(n) for n in range(20)]
    assert {offer.campaign.id for offer in result} == {f"c{n}" for n in range(10, 30)}


def test_equal_breaks_have_equal_ads() -> None:
    book = [campaign(id=f"c{n}", cpm=1 + n / 10) for n in range(30)]
    video = {"mimes": ["video/mp4"], "poddur": 60, "maxseq": 3}

    result = offers_of({"id": "r", "imp": [{"id": str(n), "video": video} for n in range(4)]}, book)

    ads_of_break = {str(n): [o.campaign.id for o in result if o.slot.imp.id == str(n)] for n in range(4)}
    assert all(sorted(each) == ["c27", "c28", "c29"] for each in ads_of_break.values())


def test_equal_breaks_of_one_impression_are_packed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    packed: list[int] = []
    monkeypatch.setattr(under_test, "pack_pod", lambda pod, most: packed.append(len(pod)) or pack_pod(pod, most))
    break_ = {"mimes": ["video/mp4"], "poddur": 30}
    imps = [{"id": f"{n}", "video": break_} for n in range(4)] + [{"id": "b", "video": {**break_, "poddur": 60}}]

    offers_of({"id": "r", "imp": imps}, [campaign()])

    assert packed == [1, 1]


def test_many_different_slots_cause_few_offers(monkeypatch: pytest.MonkeyPatch) -> None:
    searches: list[object] = []
    monkeypatch.setattr(under_test, "campaign_offers", lambda *which: searches.append(which) or campaign_offers(*which))
    book = [campaign(id=f"c{n}", cpm=1 + n / 10) for n in range(60)]
    for more in ({"podid": "p"}, {"poddur": 60}, {"podid": "p", "poddur": 60}, {"sequence": 1}):
        searches.clear()
        video = {"mimes": ["video/mp4"], **more}
        imps = [{"id": str(n), "video": video | {"maxduration": 60 + n}} for n in range(50)]

        assert offers_of({"id": "r", "imp": imps}, book)
        assert len(searches) <= max(under_test.MAX_CHOICES, 2 * len(imps))
