"""Frequency caps in the decision: they hold within a pod and a request, are checked last, and are explained."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.explain import explain
from bidder.auction.offer import Offer
from bidder.auction.verdict import BIDS
from bidder.campaigns.campaign import Campaign
from bidder.delivery.frequency import NEW_VIEWER, Exposures, History, Impression, add
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import parse
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, campaign_lists, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.examples import examples
from tests.support.matchable import matchable_requests, video_request


def parsed(request: dict[str, Any]) -> BidRequest:
    return parse(json.dumps(request).encode())


def history(*impressions: tuple[int, str, str]) -> Exposures:
    """The history of a user from impressions, each as minutes ago, campaign and creative."""
    item = History()
    for minutes, campaign_id, creative_id in impressions:
        at = int((NOW - timedelta(minutes=minutes)).timestamp())
        item = add(item, Impression(at, campaign_id, creative_id, "shop.example"))
    return Exposures(item, item)


def offers(request: dict[str, Any], snapshot: Snapshot, exposures: Exposures) -> list[Offer]:
    parsed_request = parsed(request)
    return decided(parsed_request, snapshot, read_exposures=lambda: exposures)


caps = st.lists(
    st.builds(
        lambda impressions, window, level, per: {
            "impressions": impressions,
            "window": window,
            "level": level,
            "per": per,
        },
        st.integers(1, 3),
        st.sampled_from(["day", "6h", "lifetime"]),
        st.sampled_from(["campaign", "advertiser", "creative"]),
        st.sampled_from(["user", "household"]),
    )
    | st.builds(lambda level: {"min_gap": "1h", "level": level}, st.sampled_from(["campaign", "creative"])),
    max_size=2,
)
viewers = st.builds(
    lambda item: history(*item),
    st.lists(
        st.tuples(st.integers(0, 2_000), st.sampled_from(["c0", "c1", "c2"]), st.sampled_from(["s0", "s1"])), max_size=5
    ),
) | st.sampled_from([NEW_VIEWER, Exposures()])
MINUTES = {"day": 12 * 60, "6h": 6 * 60, "lifetime": 10**6}


def exceeded(item: Campaign, exposures: Exposures, result: list[Offer]) -> list[str]:
    """The caps of a campaign that a response exceeds, counted naively. `NOW` is noon in UTC, the campaign's zone."""
    mistakes = []
    for cap in item.frequency_caps:
        observed = exposures.user if cap.per == "user" else exposures.household
        impressions = [*(observed.recent if observed else [])]
        new = [
            Impression(int(NOW.timestamp()), o.campaign.id, o.fit.creative.id, o.campaign.advertiser.domain)
            for o in result
        ]
        for offer in result:
            if offer.campaign.id != item.id:
                continue
            minutes = MINUTES[cap.window] if cap.window else 60
            same = [
                i
                for i in [*impressions, *new]
                if (
                    NOW.timestamp() - i.at < minutes * 60
                    or (cap.window == "day" and NOW.timestamp() - i.at == minutes * 60)
                )
                and {
                    "campaign": i.campaign_id == item.id,
                    "advertiser": i.advertiser == item.advertiser.domain,
                    "creative": (i.campaign_id, i.creative_id) == (item.id, offer.fit.creative.id),
                }[cap.level]
                and (cap.level != "advertiser" or i not in new or i.campaign_id == item.id)
            ]
            if len(same) > (cap.impressions or 1):
                mistakes.append(f"{item.id}: {len(same)} for {cap}")
    return mistakes


@examples(2)
@given(matchable_requests(), campaign_lists(), st.lists(caps, min_size=8, max_size=8), viewers, st.data())
def test_a_response_exceeds_no_cap_and_explain_agrees(
    request: dict[str, Any],
    campaigns: list[Campaign],
    caps: list[list[dict[str, Any]]],
    exposures: Exposures,
    data: st.DataObject,
) -> None:
    capped = [
        Campaign.model_validate(
            {
                **each.model_dump(),
                "frequency_caps": caps[number],
                "time_zone": "UTC",
                "on_unknown": data.draw(st.sampled_from(["bid", "skip"])),
            }
        )
        for number, each in enumerate(campaigns)
    ]
    snapshot, parsed_request = compile_snapshot(capped), parsed(request)
    reads: list[int] = []

    def read() -> Exposures:
        reads.append(1)
        return exposures

    result = decided(parsed_request, snapshot, read_exposures=read)
    assert len(reads) <= 1
    assert not [fault for each in capped for fault in exceeded(each, exposures, result)]

    explanation = explain(parsed_request, snapshot, "bidder", NOW, read_exposures=read)
    assert len(reads) <= 2
    output = [
        (item.imp_id, bid.campaign.id, bid.fit.creative.id, bid.price) for item in explanation for bid in item.bids
    ]
    assert output == [(bid.slot.imp.id, bid.campaign.id, bid.fit.creative.id, bid.price) for bid in result]
    for entry in explanation:
        assert {campaign_item.campaign_id for campaign_item in entry.campaigns if campaign_item.rule == BIDS} == {
            bid.campaign.id for bid in entry.bids
        }


def test_exposures_are_read_only_if_a_capped_campaign_could_bid() -> None:
    def read() -> Exposures:
        raise AssertionError

    low = campaign(id="low", cpm=1, frequency_caps=[{"impressions": 1, "window": "day"}])
    elsewhere = campaign(
        id="x", frequency_caps=[{"impressions": 1, "window": "day"}], targeting={"country": {"include": ["USA"]}}
    )
    snapshot, parsed_request = (
        compile_snapshot([campaign(), low, elsewhere]),
        parsed(video_request(imp={"bidfloor": 2})),
    )

    assert len(decided(parsed_request, snapshot, read_exposures=read)) == 1


def test_a_pod_shows_a_campaign_up_to_its_cap_and_fills_the_rest_with_others() -> None:
    imps = [{"id": str(n), "video": {"mimes": ["video/mp4"], "protocols": [7, 13], "podid": "p"}} for n in range(4)]
    request = {"id": "auction", "imp": imps, "site": {"domain": "news.example"}}
    for cap, left in (
        ({"impressions": 2, "window": "day"}, 1),
        ({"impressions": 3, "window": "day"}, 2),
        ({"min_gap": "10s"}, 1),
        ({"impressions": 1, "window": "day"}, 0),
    ):
        many = [creative(id=f"s{n}") for n in range(4)]
        capped = campaign(id="capped", cpm=9, frequency_caps=[cap], creatives=many)
        other = campaign(id="other", cpm=1, creatives=many, advertiser={"name": "B", "domain": "rival.example"})

        result = offers(request, compile_snapshot([capped, other]), history((60, "capped", "s9")))

        count = Counter(offer.campaign.id for offer in result)
        assert count["capped"] == left
        if left < 2:
            assert count["other"] == 4 - left


def test_other_creatives_replace_a_creative_at_its_cap() -> None:
    own_campaign = campaign(
        frequency_caps=[{"impressions": 1, "window": "day", "level": "creative"}],
        creatives=[creative(id="one"), creative(id="two")],
    )

    [result] = offers(video_request(), compile_snapshot([own_campaign]), history((5, "plain", "one")))

    assert result.fit.creative.id == "two"


def test_explain_reports_the_count_and_the_time_when_the_cap_ends() -> None:
    snapshot = compile_snapshot([campaign(frequency_caps=[{"impressions": 2, "window": "6h"}], on_unknown="skip")])
    parsed_request = parsed(video_request())

    [explanation] = explain(
        parsed_request, snapshot, "bidder", NOW, read_exposures=lambda: history((30, "plain", "s"), (90, "plain", "s"))
    )
    [first] = explanation.campaigns
    assert (first.rule, first.seen) == ("frequency", "2 of this campaign per user in window 6h")
    assert first.wanted == "fewer than 2 per 6h; free again at 2026-11-23T16:30:00Z"
    [explanation] = explain(parsed_request, snapshot, "bidder", NOW, read_exposures=Exposures)
    assert (explanation.campaigns[0].rule, explanation.campaigns[0].seen) == (
        "frequency",
        "unknown what the user was shown",
    )
    assert len(explain(parsed_request, snapshot, "bidder", NOW)[0].bids) == 1
