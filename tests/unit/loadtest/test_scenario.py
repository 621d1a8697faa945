"""Realistic traffic: Zipf popularity, pods, and repairable requests of careless senders."""

import json
from collections import Counter, defaultdict
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bidder.openrtb.parse import parse
from loadtest.curve import share_at, weekly
from loadtest.pending import MAX_ATTEMPTS, PendingCalls
from loadtest.requests import RequestKind
from loadtest.scenario import DIRT, Zipf, generate_realistic


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311  a repeatable draw, not a secret


RNG = seeded(7)
MANY = [generate_realistic(RNG) for _ in range(2000)]


def test_the_same_seed_gives_the_same_traffic() -> None:
    rng = seeded(7)

    assert [generate_realistic(rng) for _ in range(50)] == MANY[:50]


def test_every_request_is_valid_except_malformed_ones() -> None:
    for kind, document, _ in MANY:
        if kind is not RequestKind.MALFORMED:
            assert parse(json.dumps(document).encode()).imp


def test_few_viewers_and_publishers_have_most_of_the_traffic() -> None:
    valid_requests = [document for kind, document, _ in MANY if kind is not RequestKind.MALFORMED]
    publishers = Counter((each.get("site") or each["app"])["publisher"]["id"] for each in valid_requests)
    viewers = Counter(each["user"]["id"] for each in valid_requests)

    assert publishers.most_common(1)[0][0] == "pub-0"
    assert sum(count for _, count in publishers.most_common(40)) > len(valid_requests) / 2
    assert viewers.most_common(1)[0][1] > 20
    assert len(viewers) > 500


def test_viewers_keep_their_country_and_publishers_their_inventory() -> None:
    valid_requests = [document for kind, document, _ in MANY if kind is not RequestKind.MALFORMED]
    countries, devices, inventory = defaultdict(set), defaultdict(set), defaultdict(set)
    for each in valid_requests:
        seller = "site" if "site" in each else "channel" if "content" in each["app"] else "app"
        countries[each["user"]["id"]].add((each["device"]["geo"]["country"], str(each.get("regs"))))
        devices[each["user"]["id"], seller].add(each["device"]["ua"])
        site_or_app = each.get("site") or each["app"]
        inventory[site_or_app["publisher"]["id"], seller].add(site_or_app.get("domain") or site_or_app["bundle"])

    assert len(countries) < len(valid_requests)
    for values in (countries, devices, inventory):
        assert {len(each) for each in values.values()} == {1}


def test_televisions_request_pods_and_some_requests_need_repair() -> None:
    videos = [imp["video"] for kind, document, _ in MANY if kind is RequestKind.VIDEO for imp in document["imp"]]

    assert 50 < sum("poddur" in video for video in videos) < 400
    assert any(isinstance(video["w"], str) for video in videos)
    assert any("x-player" in video for video in videos)


def test_each_careless_spelling_changes_a_request_that_stays_valid() -> None:
    for change in DIRT:
        _, document, _ = next(each for each in MANY if each.kind is RequestKind.VIDEO)
        copy = json.loads(json.dumps(document))
        change(copy)
        assert parse(json.dumps(copy).encode()).id == document["id"]


def test_zipf_draws_the_first_of_three_six_times_in_eleven() -> None:
    rng, zipf = seeded(1), Zipf(3)
    counts = Counter(zipf.draw(rng) for _ in range(11_000))

    assert abs(counts[0] - 6000) < 200
    assert abs(counts[1] - 3000) < 200


def test_a_week_has_168_hours_with_a_maximum_of_1() -> None:
    assert len(weekly()) == 168
    assert max(weekly()) == 1.0
    assert 0 < min(weekly()) < 0.5
    assert [
        share_at(
            second,
            168,
        )
        for second in range(168)
    ] == list(weekly())
    assert share_at(1e9, 168) == weekly()[-1]


@given(st.lists(st.text("ab", min_size=1), max_size=20), st.integers(0, 1000))
def test_calls_are_made_in_order_and_some_twice(names: list[str], seed: int) -> None:
    pending, rng = PendingCalls(), seeded(seed)
    pending.add(rng, [("start", f"{number}/{name}") for number, name in enumerate(names)], 100.0)
    soon, rest = pending.due(105.0), pending.rest()

    assert all(call.at <= 105 for call in soon)
    assert all(call.at > 105 for call in rest)
    first_times = list(dict.fromkeys(call.url for call in sorted((*soon, *rest), key=lambda call: call.at)))
    assert first_times == [f"{number}/{name}" for number, name in enumerate(names)]


def test_a_failed_call_is_repeated_up_to_its_limit() -> None:
    pending = PendingCalls()
    pending.add(seeded(1), [("win", "u")], 0.0)
    [call] = pending.rest()
    for attempt in range(1, MAX_ATTEMPTS):
        assert pending.again(call, now=10.0 * attempt, seconds=1.0)
        assert not pending.due(10.0 * attempt)
        [call] = pending.due(10.0 * attempt + 1)

    assert call.attempt == MAX_ATTEMPTS
    assert not pending.again(call, 100.0, 1.0)
