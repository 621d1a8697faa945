"""Taxonomies: the published form is parsed, and a campaign's category includes its descendants in every rule."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.auction_context import Blocks
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.categories import with_taxonomies
from bidder.campaigns.files import as_yaml, read_campaigns
from bidder.campaigns.taxonomies import Taxonomies
from bidder.campaigns.taxonomy import InvalidTaxonomy, Taxonomy, read_taxonomy
from bidder.openrtb.parse import parse
from tests.support.campaigns import campaign, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.fake_s3 import FakeS3
from tests.support.matchable import video_request

FILE = "\r\n".join(
    [
        "Relational ID System\t\t\tA small taxonomy\t\t",
        "Unique ID\tParent\tName\tTier 1\tTier 2\tTier 3",
        "1\t\tVehicles\tVehicles\t\t",
        "2 \t1\tBoats\tVehicles\tBoats\t",
        '3\t2\tCanoes, "short\tVehicles\tBoats\tCanoes, "short',
        "\t\t\t\t\t",
        "",
        "K7WXQ2\t\tMusic\tMusic\t\t",
        "9\tK7WXQ2\tJazz\tMusic\tJazz\t",
        "10\t10\tA top that names itself\tTop\t\t",
        "3\t1\tTwice\tVehicles\tTwice\t",
    ]
).encode()
SMALL = read_taxonomy(FILE)


def test_the_published_form_is_parsed() -> None:
    assert SMALL.parents == {"1": None, "2": "1", "3": "2", "K7WXQ2": None, "9": "K7WXQ2", "10": None}
    assert (SMALL.above("3"), SMALL.above("10"), SMALL.above("nothing")) == (("2", "1"), (), ())
    assert (SMALL.below("1"), SMALL.below("k7wxq2"), SMALL.below("3")) == (["2", "3"], ["9"], ())
    assert "k7wxq2" in SMALL
    assert "11" not in SMALL
    assert read_taxonomy("\ufeffUnique ID\tParent ID\n5\t\n".encode()).parents == {"5": None}


@pytest.mark.parametrize(
    ("file", "field"),
    [
        (b"IAB Code\tTier\n", "no row has the name Unique ID"),
        (b"Unique ID\tName\n1\tOne\n", "no column is named Parent"),
        (b"Unique ID\tParent\n", "at least 1"),
        (b"Unique ID\tParent\n1\t2\n", "the parent of 1, 2, is not a category"),
        (b"Unique ID\tParent\n1\t2\n2\t3\n3\t1\n", "1 is above itself"),
        (b"\xff\xfe\x00", "no row has the name"),
    ],
)
def test_an_invalid_taxonomy_is_refused_with_the_reason(file: bytes, field: str) -> None:
    with pytest.raises(InvalidTaxonomy, match=field):
        read_taxonomy(file)


def test_a_stored_taxonomy_is_read_back() -> None:
    store = Taxonomies(FakeS3(), "bucket")  # type: ignore[arg-type]
    store.put(10, SMALL)
    store.put(6, SMALL)

    assert list(store.all().items()) == [(6, SMALL), (10, SMALL)]


@st.composite
def forests(draw: st.DrawFn) -> Taxonomy:
    """Up to nine categories, each with an earlier category as its parent or with none."""
    size = draw(st.integers(1, 9))
    return Taxonomy(
        parents={str(n): draw(st.none() | st.integers(0, n - 1).map(str) if n else st.none()) for n in range(size)}
    )


def ancestry(taxonomy: Taxonomy, category: str) -> set[str]:
    """A category and its ancestors."""
    results: set[str] = set()
    first: str | None = category
    while first is not None:
        results.add(first)
        first = taxonomy.parents[first]
    return results


CATEGORIES = st.integers(0, 8).map(str)
SOME = st.lists(CATEGORIES, min_size=1, max_size=2, unique=True)


def bids(own_campaign: Campaign, request: dict[str, Any]) -> list[int]:
    snapshot, parsed_request = compile_snapshot([own_campaign]), parse(json.dumps(request).encode())
    return [offer.price.cpm_micros for offer in decided(parsed_request, snapshot)]


@given(forests(), st.sampled_from(["include", "exclude", "all"]), SOME, SOME, st.booleans(), st.booleans())
def test_a_category_includes_its_descendants_in_every_rule(
    taxonomy: Taxonomy, verb: str, expected: list[str], categories: list[str], in_any: bool, denied: bool
) -> None:
    categories = [entry for entry in categories if entry in taxonomy]
    expected = [entry for entry in expected if entry in taxonomy] or ["0"]
    request = video_request(site={"content": {"cat": categories, "cattax": 6}})
    named = expected if in_any else [f"6/{entry}" for entry in expected]
    rule: dict[str, Any] = {"category": {verb: named}}
    where = {"not": rule} if denied else rule
    observed = {above for item in categories for above in ancestry(taxonomy, item)}
    met = {
        "include": bool(observed & set(expected)),
        "exclude": not observed & set(expected),
        "all": observed >= set(expected),
    }[verb] != denied

    for form in (campaign(where=where), campaign(creatives=[creative(where=where)])):
        assert bool(bids(with_taxonomies(form, {6: taxonomy}), request)) == met


@given(forests(), CATEGORIES, CATEGORIES)
def test_a_multiplier_of_a_category_applies_to_its_descendants(
    taxonomy: Taxonomy, expected: str, categories: str
) -> None:
    request = video_request(site={"content": {"cat": [categories], "cattax": 6}})
    raised = with_taxonomies(campaign(cpm=5, multipliers={"category": {f"6/{expected}": 2}}), {6: taxonomy})

    covered = expected == categories or (categories in taxonomy and expected in ancestry(taxonomy, categories))
    assert bids(raised, request) == [10_000_000 if covered else 5_000_000]


@given(forests(), st.lists(CATEGORIES, max_size=2, unique=True), SOME, st.booleans())
def test_a_blocked_category_blocks_campaigns_of_its_descendants(
    taxonomy: Taxonomy, item_value: list[str], listed: list[str], allows: bool
) -> None:
    item_value = [entry for entry in item_value if entry in taxonomy]
    own_campaign = with_taxonomies(campaign(categories=item_value, cattax=7), {7: taxonomy})
    request = parse(json.dumps(video_request(cattax=7, **{"acat" if allows else "bcat": listed})).encode())

    within = [bool(ancestry(taxonomy, entry) & set(listed)) for entry in item_value]
    is_blocked = not (within and all(within)) if allows else any(within)
    assert Blocks(request).are_categories_blocked(own_campaign) == is_blocked


def test_a_taxonomy_applies_only_to_categories_of_its_number() -> None:
    own_campaign = with_taxonomies(campaign(targeting={"category": {"include": ["6/1"]}}), {6: SMALL, 7: SMALL})

    for number, met in ((6, True), (7, False), (2, False)):
        assert bool(bids(own_campaign, video_request(site={"cat": ["3"], "cattax": number}))) == met


def test_an_import_adds_ancestors_and_descendants_and_an_export_keeps_them() -> None:
    plain_campaign = campaign(categories=["9"], cattax=6, targeting={"category": {"include": ["6/1", "iab1"]}})
    text = as_yaml([plain_campaign])

    [filled] = read_campaigns(text, None, {6: SMALL})
    assert filled.categories_below == {"6/1": ("6/2", "6/3")}
    assert filled.categories_above == {"9": ("K7WXQ2",)}
    assert read_campaigns(as_yaml([filled]), None) == [filled]
    assert read_campaigns(text, None, {7: SMALL}) == [plain_campaign]

    grown = Taxonomy(parents={**SMALL.parents, "4": "1"})
    [imported_again] = read_campaigns(as_yaml([filled]), None, {6: grown})
    assert imported_again.categories_below == {"6/1": ("6/2", "6/3", "6/4")}
