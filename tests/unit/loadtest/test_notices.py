import json
from collections import Counter
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from loadtest.notices import WATCHED_ON, WON, is_loopback, notices
from tests.unit.loadtest.drawn import request_and_bid, seeded

WATCHED = [event for event, _ in WATCHED_ON]


@pytest.fixture(scope="module")
def bid() -> dict[str, Any]:
    bid_item: dict[str, Any] = json.loads(request_and_bid()[1])["seatbid"][0]["bid"][0]
    return bid_item


@pytest.fixture(scope="module")
def auctions(bid: dict[str, Any]) -> list[list[tuple[str, str]]]:
    rng = seeded(1)
    return [notices(rng, "auction", bid) for _ in range(4000)]


def test_calls_use_the_url_of_their_kind_with_all_macros_replaced(auctions: list[list[tuple[str, str]]]) -> None:
    for kind, url in (call for auction in auctions for call in auction):
        assert f"/e/{kind}/" in urlsplit(url).path
        assert not set(url) & set("${}[]")


def test_the_settled_price_is_positive_and_not_above_the_bid(
    bid: dict[str, Any], auctions: list[list[tuple[str, str]]]
) -> None:
    urls = [url for auction in auctions for kind, url in auction if kind in {"win", "impression", "bill"}]
    prices = [float(parse_qs(urlsplit(url).query)["p"][0]) for url in urls]
    assert 0 < min(prices) < max(prices) <= bid["price"]


def test_a_lost_bid_has_no_impression(auctions: list[list[tuple[str, str]]]) -> None:
    for auction in auctions:
        kinds = [kind for kind, _ in auction]
        if "win" not in kinds:
            assert kinds in ([], ["loss"])
        else:
            assert kinds[0] == "win"
            assert "loss" not in kinds
        if set(kinds) & {*WATCHED, "skip", "click", "bill"}:
            assert "impression" in kinds
        assert not {"error", "impression"} <= set(kinds)


def test_quartiles_are_in_order(auctions: list[list[tuple[str, str]]]) -> None:
    for auction in auctions:
        progress_events = [kind for kind, _ in auction if kind in WATCHED]
        assert progress_events == WATCHED[: len(progress_events)]


def test_shares_fall_from_the_win_to_the_complete(auctions: list[list[tuple[str, str]]]) -> None:
    counts = Counter(kind for auction in auctions for kind, _ in auction)
    assert counts["win"] / len(auctions) == pytest.approx(WON, abs=0.03)
    for earlier, later in pairwise(["win", "impression", *WATCHED]):
        assert counts[earlier] > counts[later] > 0
    assert counts["error"]
    assert counts["click"]
    assert counts["bill"]


@pytest.mark.parametrize(
    ("markup", "message"), [("{}", "adm is not XML"), ('<VAST xmlns="http://www.iab.com/VAST"/>', "adm has no URL")]
)
def test_markup_that_cannot_be_followed_is_refused(bid: dict[str, Any], markup: str, message: str) -> None:
    seed_with_notices = next(seed for seed in range(1000) if len(notices(seeded(seed), "auction", bid)) > 1)
    with pytest.raises(ValueError, match=message):
        notices(seeded(seed_with_notices), "auction", bid | {"adm": markup})


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/e/win/x", "http://localhost", "http://[::1]:8000/"])
def test_urls_of_this_machine_are_called(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://bidder.example/e",
        "http://127.0.0.1.example/",
        "http://127.0.0.1@other.example/",
        "ftp://localhost/",
        "",
    ],
)
def test_urls_of_other_machines_are_not_called(url: str) -> None:
    assert not is_loopback(url)
