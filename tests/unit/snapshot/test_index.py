"""The index compared with a direct evaluation of every conjunction, with parts and tiers of any size."""

import json
from collections.abc import Sequence
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.match import Candidates, RequestMatch
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.dnf import Conjunction, Predicate, matches
from bidder.campaigns.implied_predicates import LENGTH, MIME, OPEN, SALE
from bidder.delivery.budget import Spend, Withheld
from bidder.delivery.participation import AuctionDraw
from bidder.snapshot import sets
from bidder.snapshot.compile import compile_index
from bidder.snapshot.container import pack, unpack
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign
from tests.support.examples import examples

VALUES = st.sampled_from(["a", "b", "c", "d", "e"])
OF_REQUEST = ("country", "category", "os")
OF_IMPRESSION = ("placement",)
DEMANDS = st.builds(
    Predicate,
    st.lists(st.frozensets(VALUES, min_size=1), max_size=2).map(tuple),
    st.frozensets(VALUES, max_size=2),
)
LINES = st.lists(
    st.dictionaries(st.sampled_from([*OF_REQUEST, *OF_IMPRESSION]), DEMANDS, max_size=4), min_size=0, max_size=4
)
SEEN = {name: st.lists(VALUES, max_size=3, unique=True).map(tuple) for name in (*OF_REQUEST, *OF_IMPRESSION)}
PLAYER = {MIME: ("video/mp4",), SALE: (OPEN,), LENGTH: ("15",)}


@st.composite
def books(draw: st.DrawFn) -> dict[str, tuple[Campaign, Sequence[Conjunction]]]:
    """Campaigns by id, with their conjunctions."""
    many = draw(st.integers(0, 200))
    sample = draw(st.lists(st.tuples(st.integers(1, 9), LINES), min_size=1, max_size=12))
    repeated = [sample[number % len(sample)] for number in range(many)]
    return {f"c{n}": (campaign(id=f"c{n}", cpm=cpm), entry) for n, (cpm, entry) in enumerate(repeated)}


def index_of(books_: Sequence[dict[str, tuple[Campaign, Sequence[Conjunction]]]], tier_size: int) -> Index:
    def compile_book(book: dict[str, tuple[Campaign, Sequence[Conjunction]]]) -> bytes:
        campaigns = [campaign for campaign, _ in book.values()]
        return compile_index(campaigns, conjunctions_of=lambda c: book[c.id][1], tier_sizes=(tier_size, 3 * tier_size))

    return Index.load([compile_book(book) for book in books_])


@examples(1.5)
@given(
    books(),
    books(),
    st.fixed_dictionaries(SEEN),
    st.integers(1, 100),
    st.sets(st.integers(0, 200)),
    st.sampled_from([0, 10, sets.SHORT]),
)
def test_a_request_matches_exactly_the_campaigns_with_a_matching_conjunction(
    first: dict[str, tuple[Campaign, Sequence[Conjunction]]],
    later: dict[str, tuple[Campaign, Sequence[Conjunction]]],
    observed: dict[str, tuple[str, ...]],
    tier_size: int,
    broke: set[int],
    short: int,
) -> None:
    with patch.object(sets, "SHORT", short):
        assert_matches_exactly(first, later, observed, tier_size, broke)


def assert_matches_exactly(
    first: dict[str, tuple[Campaign, Sequence[Conjunction]]],
    later: dict[str, tuple[Campaign, Sequence[Conjunction]]],
    observed: dict[str, tuple[str, ...]],
    tier_size: int,
    broke: set[int],
) -> None:
    index = index_of([first, later], tier_size)
    spends = {f"c{number}": Spend(10**12, 10**12) for number in broke}
    delivery = load_delivery(compile_delivery(index, spends, NOW), index)
    request = {name: observed[name] for name in OF_REQUEST}
    shared = RequestMatch(Snapshot(1, index, delivery), request, AuctionDraw("auction"), device=0)
    candidates = Candidates(shared, {**{name: observed[name] for name in OF_IMPRESSION}, **PLAYER})

    latest = {**first, **later}
    expected = {
        name
        for name, (entry, lines) in latest.items()
        if any(matches(line, observed) for line in lines)
        and not (entry.budget.daily_micros is not None and name in spends)
    }
    results = candidates.all()
    assert {index.campaign_id(position) for position in results} == expected
    assert len(results) == len(expected)
    assert {index.position(name) for name in expected} == set(results)
    assert delivery.campaign_count == len(latest)
    assert set(candidates.best_first()) == set(results)


@given(books(), st.integers(1, 50))
def test_candidates_are_visited_in_descending_order_without_gaps(
    book: dict[str, tuple[Campaign, Sequence[Conjunction]]], tier_size: int
) -> None:
    index = index_of([book], tier_size)
    delivery = load_delivery(compile_delivery(index, {}, NOW), index)
    candidates = Candidates(RequestMatch(Snapshot(1, index, delivery), {}, AuctionDraw("auction"), device=0), PLAYER)
    at_least = 5_000_000

    met = [index.campaign(position).top_cpm_micros for position in candidates.best_first(lambda: at_least)]

    every = [index.campaign(position).top_cpm_micros for position in candidates.all()]
    assert met == sorted(met, reverse=True)
    assert sorted(met) == sorted(price for price in every if price >= at_least)


def test_the_old_version_of_a_changed_campaign_is_withheld_as_replaced() -> None:
    index = index_of([{"c1": (campaign(id="c1", cpm=9), [{}])}, {"c1": (campaign(id="c1", cpm=3), [{}])}], 10)
    delivery = load_delivery(compile_delivery(index, {}, NOW), index)

    assert [delivery.withheld(position) for position in range(2)] == [Withheld.REPLACED, None]
    assert index.position("c1") == 1


def test_a_removed_campaign_has_no_position_and_does_not_bid() -> None:
    index = Index.load([compile_index([campaign(id="c1")]), compile_index([], removed_ids=["c1"])])
    delivery = load_delivery(compile_delivery(index, {}, NOW), index)

    assert index.position("c1") is None
    assert delivery.withheld(0) is Withheld.REPLACED
    assert (delivery.count, delivery.campaign_count) == (0, 0)


def test_the_highest_open_bid_is_read_of_new_and_of_older_objects() -> None:
    book = [
        campaign(id="open", cpm=9),
        campaign(id="both", cpm=3, deals=[{"id": "gold", "cpm": 20}]),
        campaign(id="deals", cpm=None, deals=[{"id": "gold", "cpm": 5}]),
        campaign(id="goal", cpm=None, cpcv=0.01, max_cpm=7),
    ]
    index_object = compile_index(book)
    older = {name: bytes(section) for name, section in unpack("index", index_object).items() if name != "top_open"}

    for data in (index_object, pack("index", older)):
        index = Index.load([compile_index([campaign(id="before")]), data])
        bids = {index.campaign_id(position): index.open_top(position) for position in range(1, 5)}
        assert bids == {"open": 9_000_000, "both": 3_000_000, "deals": 0, "goal": 7_000_000}


def test_older_code_ignores_predicates_on_lengths() -> None:
    """Requests of older code have no lengths, and an unmet predicate would remove every campaign that has it."""
    meta = json.loads(bytes(unpack("index", compile_index([campaign(id="c")]))["meta"]))

    assert LENGTH not in {attribute for attribute, _ in meta["clauses"]}
    assert LENGTH in {attribute for attribute, _ in meta["added_clauses"]}
