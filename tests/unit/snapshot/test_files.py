"""The objects of a snapshot are read back as written, and damaged objects are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.campaign import Campaign
from bidder.delivery.budget import Spend, budget_limits, withheld
from bidder.snapshot import sets
from bidder.snapshot.compile import compile_index
from bidder.snapshot.container import BadSnapshot, pack, unpack
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from tests.support.campaigns import NOW, campaign, campaign_lists


@given(campaign_lists())
def test_the_index_has_every_campaign_in_descending_order_of_price(campaigns: list[Campaign]) -> None:
    index = Index.load([compile_index(campaigns)])

    indexed_campaigns = [index.campaign(position) for position in range(len(index))]
    assert sorted(indexed_campaigns, key=lambda c: c.id) == sorted(campaigns, key=lambda c: c.id)
    assert [c.top_cpm_micros for c in indexed_campaigns] == sorted((c.top_cpm_micros for c in campaigns), reverse=True)


@given(campaign_lists(), st.randoms())
def test_equal_campaigns_give_equal_bytes_in_any_order(campaigns: list[Campaign], rng) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(campaigns)
    rng.shuffle(shuffled)

    assert compile_index(shuffled) == compile_index(campaigns)


@given(campaign_lists(), st.integers(0, 100_000))
def test_the_delivery_state_has_the_campaigns_within_their_budgets(campaigns: list[Campaign], spend: int) -> None:
    spends = {c.id: Spend(spend, spend) for c in campaigns[::2]}
    index = Index.load([compile_index(campaigns)])

    delivery = load_delivery(compile_delivery(index, spends, NOW), index)

    by_id = {c.id: c for c in campaigns}
    for position in range(len(index)):
        name = index.campaign(position).id
        reason = withheld(budget_limits(by_id[name]), spends.get(name, Spend()))
        tier, position_value = index.tier_of(position)
        assert (position_value in sets.members(delivery.bidding_campaigns(tier))) == (reason is None)
        assert delivery.withheld(position) == reason
        assert index.position(name) == position
    assert delivery.as_of == NOW
    assert delivery.index_id == index.id


WHOLE = compile_index([campaign(), campaign(id="other", cpm=3)])


@given(st.integers(0, len(WHOLE) - 1))
def test_a_truncated_object_is_refused(length: int) -> None:
    with pytest.raises(BadSnapshot):
        Index.load([WHOLE[:length]])


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_an_object_with_any_byte_changed_is_refused(position: int, by: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[position] ^= by

    with pytest.raises(BadSnapshot):
        Index.load([bytes(damaged)])


def test_an_object_with_a_false_older_format_is_refused() -> None:
    with pytest.raises(BadSnapshot, match="checksum differs"):
        Index.load([WHOLE.replace(b"bidder index 3 ", b"bidder index 2 ", 1)])


def test_a_future_format_is_refused_with_both_format_numbers() -> None:
    future = WHOLE.replace(b"bidder index 3 ", b"bidder index 4 ", 1)

    with pytest.raises(BadSnapshot, match="holds index format 4; this code reads index, formats 2 to 3"):
        Index.load([future])


def test_an_object_of_another_kind_is_refused() -> None:
    with pytest.raises(BadSnapshot, match="holds delivery format 3; this code reads index"):
        unpack("index", pack("delivery", {}))


COST = 5_000


@pytest.mark.parametrize(
    ("reserved", "remaining"),
    [(0, 10 * COST), (4 * COST, 6 * COST), (10 * COST, 0), (10 * COST + 1, 0), (20 * COST, 0)],
)
def test_bids_in_flight_reduce_the_allowance_and_never_leave_it_without_a_limit(reserved: int, remaining: int) -> None:
    index = Index.load([compile_index([campaign(id="c", cpm=5, budget={"total_micros": 10 * COST})])])

    delivery = load_delivery(compile_delivery(index, {}, NOW, reserved_micros={"c": reserved}), index)

    assert delivery.allowance.remaining_micros(0, NOW) == remaining
    assert delivery.allowance.commit([0], COST, NOW) == (remaining >= COST)
