"""Invalid traffic rules at their bounds, with literal expected values."""

import logging
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bidder.events.bounded_sets import BoundedSets
from bidder.events.counters import CampaignCounters
from bidder.events.crawlers import is_crawler
from bidder.events.ivt_filter import IvtFilter
from bidder.events.ivt_rules import SaleHistory, broken_rule
from bidder.events.ivt_suspects import bids_in_crowded_minutes, bids_sharing_a_price, bids_with_many_addresses
from bidder.events.kinds import Kind
from bidder.events.ledger import Ledger, spend_of
from bidder.events.zone_spend import days_needed, spend_in_zone
from tests.support.campaigns import NOW
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event
from tests.support.log_lines import logged_lines


@pytest.mark.parametrize(
    ("agent", "is_one"),
    [
        ("WhatsApp", True),
        ("WhatsApp/2.23", True),
        ("WhatsApp/2.23.20.0 A", True),
        ("WhatsApp/2.23.20.0/i", True),
        ("WhatsApp/2.11.92 Android/4.0.4 Device/HTC-HTC_HD2", False),
        ("XXWhatsApp", False),
        ("", False),
        (None, False),
        ("Nutch/1.18", True),
        ("Foo;Owler", True),
        ("Mozilla/5.0 (Linux; Android 9) (compatible; Nutch)", True),
        ("Mozilla/5.0 (Linux; Android 9; Nutch/1.18 Build/x) Safari/537.36", False),
        ("Mozilla/5.0 (Linux; Android 9; Nutch www.nutch.example) Safari/537.36", True),
        ("Mozilla/5.0 (Linux; Android 9) Gowikibot Safari/537.36", True),
        ("Mozilla/5.0 (Linux; Android 9) AdsTxtCrawler Safari/537.36", True),
        ("Mozilla/5.0 (Linux; Android 9; Owler) Safari/537.36", False),
        ("aNutch/1.18", False),
        ("Mozilla/5.0 (Linux; Android 9) Safari/537.36 (Nutch/1.18)", True),
        ("Mozilla/5.0 (Linux; Android 9; Nutch) Safari/537.36 (x; Nutch/1.18; y)", True),
        ("Mozilla/5.0 (Linux; Android 9; Nutch) Safari/537.36", False),
        ("Mozilla/5.0 (Linux; Android 9) Safari/537.36 Nutch", True),
        ("Mozilla/5.0 (Linux; Android 9) Nutch Safari/537.36", False),
        ("Mozilla/5.0 (Linux; Android 9) Nutch/1.18 Safari/537.36", True),
        ("Mozilla/5.0 (Linux; Android 9) a-Nutch/1.18 Safari/537.36", False),
        ("A" * 512 + " Googlebot/2.1", False),
        ("A" * 480 + " Googlebot/2.1", True),
    ],
)
def test_link_previews_and_user_agent_prefixes_are_crawlers(agent: str | None, is_one: bool) -> None:
    assert is_crawler(agent) == is_one


def test_failures_of_the_filter_are_logged_by_kind(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    dynamodb = FaultyDynamoDB("ledger", faults=iter(["before"]))

    assert IvtFilter(BoundedSets(dynamodb.client, "ledger")).mark_invalid({"m": event(1, user="anna")}) == {}
    assert [entry["kind"] for entry in logged_lines(caplog, "ledger.unjudged")] == ["impression"]


def test_an_encrypted_price_of_another_bid_is_counted_in_a_metric(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ivt_filter = IvtFilter(BoundedSets(FaultyDynamoDB("ledger").client, "ledger"))
    for number in (1, 2):
        ivt_filter.mark_invalid({"m": event(number, Kind.BILL, price_micros=1, price_vector="adx/v")})

    [entry] = logged_lines(caplog, "price.refused")
    assert (entry["kind"], entry["Reason"], entry["PriceRefused"]) == ("bill", "replayed", 1)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "history", "rule"),
    [
        ({"at": NOW - timedelta(seconds=60)}, SaleHistory(), None),
        ({"at": NOW - timedelta(seconds=61)}, SaleHistory(), "before-bid"),
        ({"at": NOW + timedelta(minutes=75)}, SaleHistory(), None),
        ({"at": NOW + timedelta(minutes=75, seconds=1)}, SaleHistory(), "too-late"),
        ({"at": NOW + HOUR, "expires": NOW + HOUR}, SaleHistory(), None),
        ({"at": NOW + HOUR + timedelta(seconds=1), "expires": NOW + HOUR}, SaleHistory(), "too-late"),
        ({"kind": Kind.CLICK, "at": NOW + 9 * HOUR}, SaleHistory(), None),
        ({}, SaleHistory(is_within_minute=False), "too-many"),
        ({}, SaleHistory(is_known_address=False), "replayed"),
        ({}, SaleHistory(is_within_minute=False, is_known_address=False), "too-many"),
        ({"kind": Kind.BILL}, SaleHistory(is_within_minute=False, is_known_address=False), None),
        ({"invalid": "crawler", "at": NOW + 9 * HOUR}, SaleHistory(), "crawler"),
    ],
)
def test_an_event_is_marked_with_the_first_rule_that_it_breaks(
    changes: dict[str, Any], history: SaleHistory, rule: str | None
) -> None:
    assert broken_rule(event(1, changes.pop("kind", Kind.IMPRESSION), **changes), history) == rule


def test_suspects_are_bids_beyond_the_bounds_of_the_rules() -> None:
    minute = [event(number, user="anna", at=NOW + timedelta(seconds=number)) for number in range(20)]
    assert bids_in_crowded_minutes([*minute, event(0, user="anna", at=NOW)]) == frozenset()
    crowded = [*minute, event("x", user="anna", at=NOW)]
    assert bids_in_crowded_minutes(crowded) == {suspect.bid_id for suspect in crowded}
    for other in (
        event("x", user="anna", at=NOW + timedelta(minutes=1)),
        event("x", user="ben", at=NOW),
        event("x", at=NOW),
        event("x", Kind.CLICK, user="anna", at=NOW),
        event("x", user="anna", at=NOW, test=True),
    ):
        assert bids_in_crowded_minutes([*minute, other]) == frozenset()

    addresses = [event(1, address=f"a{number}") for number in range(5)]
    assert bids_with_many_addresses([*addresses, event(1, address="a0"), event(1)]) == frozenset()
    assert bids_with_many_addresses([*addresses, event(2, address="x")]) == frozenset()
    assert bids_with_many_addresses([*addresses, event(1, Kind.CLICK, address="x")]) == frozenset()
    assert bids_with_many_addresses([*addresses, event(1, address="x", test=True)]) == frozenset()
    assert bids_with_many_addresses([*addresses, event(1, address="x")]) == {"bid-1"}

    bills = [event(number, Kind.BILL, price_vector="adx/v") for number in (1, 2)]
    assert bids_sharing_a_price(bills) == {"bid-1", "bid-2"}
    assert (
        bids_sharing_a_price([bills[0], bills[0], event(3, Kind.BILL, price_vector="adx/w"), event(4)]) == frozenset()
    )
    assert bids_sharing_a_price([bills[0], event(2, Kind.BILL, price_vector="adx/v", test=True)]) == frozenset()


def test_invalid_traffic_of_an_advertiser_is_the_sum_of_its_campaigns() -> None:
    at = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
    ledger = Ledger(FaultyDynamoDB("ledger").client, "ledger", pause=lambda _: None)
    numbers = 0
    for campaign_id, hours, count, invalid in (
        ("a", 0, 3, None),
        ("a", -1, 5, None),
        ("a", -20, 7, None),
        ("b", 0, 11, None),
        ("a", 0, 2, "crawler"),
        ("b", -20, 13, "too-many"),
        ("b", 0, 4, "replayed"),
    ):
        for _ in range(count):
            numbers += 1
            sale = event(numbers, campaign_id=campaign_id, at=at + timedelta(hours=hours), invalid=invalid)
            ledger.record([sale])
    days = days_needed("UTC", "UTC", at)

    spend = spend_in_zone([("UTC", number) for number in ledger.numbers({"a": days, "b": days}).values()], "UTC", at)

    assert days == [date(2026, 11, 23)]
    assert (spend.total_micros, spend.total_impressions) == (26 * 5_000, 26)
    assert (spend.today_micros, spend.today_impressions) == (19 * 5_000, 19)
    assert spend.hour_micros == 14 * 5_000
    assert (spend.invalid_total_micros, spend.invalid_today_micros) == (15 * 5_000, 2 * 5_000)
    assert spend.invalid_hour_micros == 2 * 5_000


def test_a_bid_that_is_also_billed_does_not_count_as_invalid() -> None:
    today = date(2026, 11, 23)
    counts = Counter({"invalid_micros": 100, "repeated_micros": 30})
    numbers = CampaignCounters(counts, {today: Counter({"invalid_micros": 50, "repeated_micros": 20})})

    spend = spend_in_zone([("UTC", numbers), ("UTC", numbers)], "UTC", datetime(2026, 11, 23, 12, tzinfo=UTC))

    assert (spend.invalid_total_micros, spend.invalid_today_micros) == (140, 60)
    own = spend_of(counts, numbers.days[today], datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert (own.invalid_total_micros, own.invalid_today_micros) == (70, 30)
