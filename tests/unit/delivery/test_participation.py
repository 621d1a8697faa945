from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.participation import BUCKETS, WHOLE, AuctionDraw, buckets, rank, share_of

names = st.text("abcdefghijklmnop-0123456789", min_size=1, max_size=12)
shares = st.integers(0, WHOLE)


@given(names)
def test_the_ranks_of_a_campaign_are_a_permutation(name: str) -> None:
    assert sorted(rank(name.encode(), bucket) for bucket in range(BUCKETS)) == list(range(BUCKETS))


@given(names, names, shares)
def test_a_campaign_takes_part_only_in_auctions_of_its_buckets(auction: str, name: str, share: int) -> None:
    draw = AuctionDraw(auction)

    if draw.draw_for(name) < share:
        assert draw.bucket in buckets(name.encode(), share)


@given(names, shares, shares)
def test_a_larger_share_includes_the_buckets_of_a_smaller_share(name: str, first: int, other: int) -> None:
    low, high = sorted((first, other))

    assert set(buckets(name.encode(), low)) <= set(buckets(name.encode(), high))


def test_draws_are_uniform_and_independent() -> None:
    draws = [AuctionDraw(f"auction {number}") for number in range(20_000)]
    for share in (0.003, 0.05, 0.4, 0.97):
        a, b = ([draw.draw_for(name) < share_of(share) for draw in draws] for name in ("spring", "autumn"))
        for is_taken in (a, b):
            assert abs(sum(is_taken) / len(draws) - share) < 4 * (share * (1 - share) / len(draws)) ** 0.5
        both = sum(entry and other for entry, other in zip(a, b, strict=True)) / len(draws)
        assert abs(both - share * share) < 0.02


def test_share_zero_takes_part_in_no_auction_and_share_one_in_all() -> None:
    draws = [AuctionDraw(str(number)).draw_for("any") for number in range(1000)]

    assert min(draws) >= share_of(0)
    assert max(draws) < share_of(1) == WHOLE


@given(names, shares)
def test_a_share_uses_each_bucket_that_it_covers_partly(name: str, share: int) -> None:
    assert len(buckets(name.encode(), share)) == ceil(share * BUCKETS / WHOLE)


def test_draws_have_fixed_values() -> None:
    draw = AuctionDraw("auction-1")

    assert (draw.bucket, draw.draw_for("campaign-1"), draw.draw_for("campaign-2")) == (47, 3_802_444_608, 152_118_605)
    assert buckets(b"campaign-1", WHOLE // 16) == [23, 12, 1, 54]


@given(st.floats(-1, 2))
def test_a_share_is_converted_to_a_fraction(participation: float) -> None:
    assert share_of(participation) == round(min(1.0, max(0.0, participation)) * WHOLE)
