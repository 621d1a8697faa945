"""The verification of the ledger: recomputed spend is equal, or each difference is explained."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.events.bounded_sets import BoundedSets
from bidder.events.ivt_filter import IvtFilter
from bidder.events.kinds import Kind
from bidder.events.ledger import Ledger
from bidder.events.verify import sales_by_bid, verify
from tests.support.campaigns import NOW
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event

EVENTS = st.lists(
    st.builds(
        lambda number, kind, hours, invalid: event(
            number,
            kind,
            campaign_id=f"c{number % 3}",
            price_micros=1_000_500 * (number + 1),
            at=NOW + timedelta(hours=hours),
            bid_at=NOW + timedelta(hours=hours),
            zone=["UTC", "Asia/Tokyo", "America/Los_Angeles"][number % 3],
            invalid=invalid,
            user="anna" if number % 2 else None,
            deal_id=[None, "d1", "d2"][number % 3],
            advertiser="shop.example",
        ),
        st.integers(0, 12),
        st.sampled_from([Kind.IMPRESSION, Kind.BILL, Kind.WIN]),
        st.integers(-40, 40),
        st.sampled_from([None, None, None, "crawler"]),
    ),
    max_size=40,
)
DAY = NOW.date()


def verified(ledger: Ledger, events):  # type: ignore[no-untyped-def]
    bids = sales_by_bid(events)
    ledger_sums = {name: ledger.day(name, DAY) for name in ("c0", "c1", "c2")}
    return verify(bids, ledger.markers(bids), ledger_sums, DAY)


@given(EVENTS, st.integers(0, 3))
def test_counted_bids_agree_and_uncounted_bids_are_listed(events, lost) -> None:  # type: ignore[no-untyped-def]
    dynamodb = FaultyDynamoDB("ledger")
    ledger = Ledger(dynamodb.client, "ledger", pause=lambda _: None)
    judge = IvtFilter(BoundedSets(dynamodb.client, "ledger"))
    delivered = events[lost:]
    ledger.record(judge.mark_invalid({str(number): event for number, event in enumerate(delivered)}).values())

    results = verified(ledger, events)

    bid_ids = {e.bid_id for e in delivered if e.is_billable}
    uncounted = {bid for bid in sales_by_bid(events) if bid not in bid_ids}
    for result in results.values():
        assert result.is_equal == (not any("never counted" in reason for reason in result.reasons))
    names = {reason.split()[1].rstrip(":") for result in results.values() for reason in result.reasons}
    assert names <= uncounted
    if not uncounted:
        assert all(result.is_equal and not result.reasons for result in results.values())


def test_each_difference_is_explained() -> None:
    dynamodb = FaultyDynamoDB("ledger")
    ledger = Ledger(dynamodb.client, "ledger", pause=lambda _: None)
    judge = IvtFilter(BoundedSets(dynamodb.client, "ledger"))
    many = [event(number, user="anna") for number in range(22)]
    ledger.record(judge.mark_invalid({str(number): event for number, event in enumerate(many)}).values())
    ledger.record([event(99, campaign_id="c2")])

    results = verified(ledger, [*many, event(50, campaign_id="c0")])

    assert results["c1"].is_equal
    assert [reason.partition(": ")[2] for reason in results["c1"].reasons] == [
        "5000 micros, found invalid by the ledger and not billed"
    ] * 2
    assert (results["c0"].is_equal, results["c0"].reasons) == (
        False,
        ["bid bid-50: 5000 micros in the archive, never counted"],
    )
    assert (results["c2"].is_equal, results["c2"].reasons) == (
        False,
        ["5000 micros counted, with no event in the archive"],
    )


@pytest.mark.parametrize("name", ["hour#12", "deal#d1", "advertiser#shop.example", "impressions"])
def test_a_wrong_part_is_reported_even_if_the_sum_is_right(name: str) -> None:
    dynamodb = FaultyDynamoDB("ledger")
    ledger = Ledger(dynamodb.client, "ledger", pause=lambda _: None)
    events = [event(1, deal_id="d1", advertiser="shop.example")]
    ledger.record(events)
    dynamodb.put({**dynamodb.items()["spend#c1", f"day#{DAY}"], name: {"N": "7"}})

    result = verified(ledger, events)["c1"]

    [reason] = result.reasons
    assert (result.is_equal, reason.partition(":")[0]) == (False, name)
