"""Competitive separation within one response, compared with an exhaustive search over the bids of the oracle."""

import json
from itertools import combinations, product
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from bidder.auction.offer import Offer
from bidder.campaigns.campaign import Campaign
from bidder.openrtb.parse import parse
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.examples import examples
from tests.support.oracle import OracleBid, bids

PLACEMENTS = ["1", "2", "4"]


@st.composite
def books(draw: st.DrawFn, max_size: int = 6) -> list[Campaign]:
    """Campaigns that differ in price, competition group, advertiser and targeted placements."""
    return [
        campaign(
            id=f"c{number}",
            cpm=draw(st.sampled_from([1, 2, 3, 3.5, 6])),
            advertiser={
                "name": "A",
                "domain": draw(st.sampled_from(["a.example", "www.a.example", "b.test", "c.com"])),
            },
            competes_in=draw(st.lists(st.sampled_from(["Cars", "banks"]), max_size=2, unique=True)),
            once_a_request=draw(st.sampled_from([False, False, True])),
            targeting={"placement": {"exclude": draw(st.lists(st.sampled_from(PLACEMENTS), max_size=1))}},
            creatives=[creative(duration=draw(st.sampled_from([6, 15])))],
        )
        for number in range(draw(st.integers(0, max_size)))
    ]


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Requests with several impressions: single, in a common pod, or each a pod."""
    imps = []
    for number in range(draw(st.integers(2, 3))):
        video: dict[str, Any] = {"mimes": ["video/mp4"], "plcmt": int(draw(st.sampled_from(PLACEMENTS)))}
        video |= draw(st.sampled_from([{}, {}, {"podid": "break"}, {"poddur": 20, "maxseq": 2}]))
        imps.append({"id": str(number), "video": video})
    return {"id": draw(st.sampled_from("abc")), "imp": imps}


def offers_of(request: dict[str, Any], book: list[Campaign]) -> list[Offer]:
    snapshot = compile_snapshot(book)
    parsed = parse(json.dumps(request).encode())
    return decided(parsed, snapshot)


def compete(first: Campaign, other: Campaign) -> bool:
    if first.advertiser.domain.removeprefix("www.") == other.advertiser.domain.removeprefix("www."):
        return first.once_a_request or other.once_a_request
    return bool({group.lower() for group in first.competes_in} & {group.lower() for group in other.competes_in})


def highest_total(request: dict[str, Any], book: list[Campaign]) -> int:
    by_id = {c.id: c for c in book}
    holds: list[list[list[tuple[str, OracleBid]]]] = []
    for imp in request["imp"]:
        video, maximum = imp["video"], 2 if "poddur" in imp["video"] else 1
        pod = video.get("podid", imp["id"])
        possible = bids(request, imp, book, NOW)
        sets = [list(candidate_set) for count in range(maximum + 1) for candidate_set in combinations(possible, count)]
        holds.append([[(pod, b) for b in s] for s in sets if sum(b.creative.duration for b in s) <= 20 or maximum == 1])

    def is_allowed(answer: list[tuple[str, OracleBid]]) -> bool:
        once_in_a_pod = len({(pod, b.campaign_id) for pod, b in answer}) == len(answer)
        pairs = combinations([by_id[b.campaign_id] for _, b in answer], 2)
        return once_in_a_pod and not any(compete(*pair) for pair in pairs)

    answers = ([entry for part in parts for entry in part] for parts in product(*holds))
    return max(sum(b.price for _, b in answer) for answer in answers if is_allowed(answer))


@examples(2)
@given(requests(), books())
def test_the_response_has_the_highest_total_without_competitors(request: dict[str, Any], book: list[Campaign]) -> None:
    result = offers_of(request, book)

    event(f"{len(result)} ads")
    assert not any(compete(a.campaign, b.campaign) for a, b in combinations(result, 2))
    assert sum(offer.price.cpm_micros for offer in result) == highest_total(request, book)


@given(requests(), books())
def test_the_order_of_campaigns_does_not_change_the_response(request: dict[str, Any], book: list[Campaign]) -> None:
    response, reversed_response = (
        [(o.slot.imp.id, o.campaign.id, o.fit.creative.id) for o in offers_of(request, entry)]
        for entry in (book, book[::-1])
    )

    assert response == reversed_response


@given(requests(), books(), st.booleans())
def test_a_competitor_that_does_not_match_does_not_change_the_response(
    request: dict[str, Any], book: list[Campaign], once: bool
) -> None:
    elsewhere = {"country": {"include": ["atlantis"]}}
    stranger = campaign(id="x", cpm=999, competes_in=["cars", "banks"], once_a_request=once, targeting=elsewhere)

    with_it, without = offers_of(request, [*book, stranger]), offers_of(request, book)

    assert [(o.slot.imp.id, o.campaign.id) for o in with_it] == [(o.slot.imp.id, o.campaign.id) for o in without]


@given(requests(), books())
def test_a_group_with_one_member_does_not_change_the_response(request: dict[str, Any], book: list[Campaign]) -> None:
    without_groups = [c.model_copy(update={"competes_in": (), "once_a_request": False}) for c in book]
    alone = [c.model_copy(update={"competes_in": (c.advertiser.owner,)}) for c in without_groups]

    result, of_plain = offers_of(request, alone), offers_of(request, without_groups)

    assert [o.campaign.id for o in result] == [o.campaign.id for o in of_plain]
