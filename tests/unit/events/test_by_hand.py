"""Settlements, prices to beat, reports and verifications, with literal expected numbers."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from bidder.events.claims import Claims
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.ledger import Marker
from bidder.events.report import By, ReportRow, report, total
from bidder.events.settlement import PriceRefusal, Settlement, price_to_win, settle
from bidder.events.verify import sales_by_bid, verify
from tests.support.campaigns import NOW
from tests.support.events import event
from tests.support.prices import KEYS, sent, vector

BID = 5_000_000
CLAIMS = Claims(
    *("bid", "campaign", "creative", BID, int(NOW.timestamp()), False, None, None, "adx"),
    least_micros=4_000_000,
    placement=1,
    value_micros=9_000_000,
)


@pytest.mark.parametrize(
    ("price", "settlement"),
    [
        ("", Settlement(BID)),
        ("x", Settlement(BID)),
        ("0", Settlement(BID)),
        ("-1", Settlement(BID)),
        ("inf", Settlement(BID)),
        ("1_0", Settlement(BID)),
        ("4.5", Settlement(4_500_000, 4_500_000)),
        ("5", Settlement(BID, BID)),
        ("5.000001", Settlement(BID, 5_000_001, is_raised=True)),
        ("4", Settlement(4_000_000, 4_000_000)),
        ("3.999999", Settlement(BID, 3_999_999, PriceRefusal.TOO_LOW)),
        ("1e-30", Settlement(BID, 1, PriceRefusal.TOO_LOW)),
        ("0.0000004", Settlement(BID, 1, PriceRefusal.TOO_LOW)),
        ("9" * 18, Settlement(BID, 999_999_999_999_999_999_000_000, is_raised=True)),
        ("9" * 19, Settlement(BID)),
        ("4." + "5" * 30, Settlement(4_555_556, 4_555_556)),
        ("4." + "5" * 31, Settlement(BID)),
        ("NC41" + "=" * 60, Settlement(4_500_000, 4_500_000)),
        ("NC41" + "=" * 61, Settlement(BID)),
        ("NC41", Settlement(4_500_000, 4_500_000)),
        ("AUDIT", Settlement(BID, is_audit=True)),
        ("QVVESVQ", Settlement(BID, is_audit=True)),
        (" 4.5%20", Settlement(4_500_000, 4_500_000)),
    ],
)
def test_a_stated_price_is_settled(price: str, settlement: Settlement) -> None:
    assert settle({"p": price}, CLAIMS) == settlement


@pytest.mark.parametrize(
    ("late", "is_of_auction"),
    [(-61, False), (-60, True), (0, True), (600, True), (601, False)],
)
def test_an_encrypted_price_is_of_the_auction_for_ten_minutes(late: int, is_of_auction: bool) -> None:
    iv = vector(NOW + timedelta(seconds=late))
    settled = settle({"p": sent(4_500_000, iv)}, CLAIMS, KEYS)

    if is_of_auction:
        assert settled[:3] == (4_500_000, 4_500_000, None)
        assert (settled.vector or "").startswith("adx/")
    else:
        assert settled == Settlement(BID, 4_500_000, PriceRefusal.OUT_OF_TIME)
    assert price_to_win(Kind.WIN, {"w": sent(4_500_000, iv)}, CLAIMS, KEYS) == (4_500_000 if is_of_auction else None)


@pytest.mark.parametrize(
    ("kind", "query", "micros"),
    [
        (Kind.WIN, {"w": "4.2"}, 4_200_000),
        (Kind.WIN, {"w": "5"}, BID),
        (Kind.WIN, {"w": "5.000001"}, None),
        (Kind.BILL, {"w": "4.2"}, 4_200_000),
        (Kind.WIN, {"p": "4.2"}, None),
        (Kind.IMPRESSION, {"w": "4.2"}, None),
        (Kind.WIN, {"w": "4.2", "p": "AUDIT"}, None),
        (Kind.LOSS, {"w": "5"}, BID),
        (Kind.LOSS, {"w": "4.999999"}, None),
        (Kind.LOSS, {"w": "100"}, 100_000_000),
        (Kind.LOSS, {"w": "100.000001"}, None),
        (Kind.LOSS, {"p": "6"}, 6_000_000),
        (Kind.LOSS, {"p": "5"}, None),
        (Kind.LOSS, {"p": "5.000001"}, 5_000_001),
        (Kind.LOSS, {"w": "7", "p": "6"}, 7_000_000),
        (Kind.LOSS, {"w": "4", "p": "6"}, 6_000_000),
        (Kind.LOSS, {"w": "x", "p": "6"}, 6_000_000),
        (Kind.LOSS, {"p": "6", "r": "102"}, 6_000_000),
        (Kind.LOSS, {"p": "6", "r": "100"}, None),
        (Kind.LOSS, {"w": "6", "r": "100"}, 6_000_000),
        (Kind.LOSS, {"w": "6", "r": "1"}, None),
        (Kind.WIN, {"w": "4.2", "r": "1"}, 4_200_000),
    ],
)
def test_the_price_to_beat_of_a_notice(kind: Kind, query: dict[str, str], micros: int | None) -> None:
    assert price_to_win(kind, query, CLAIMS) == micros
    assert price_to_win(kind, query, CLAIMS._replace(value_micros=None)) is None


def test_each_dimension_of_a_report_has_its_row_names() -> None:
    full = event(
        1,
        Kind.ERROR,
        advertiser="shop.example",
        deal_id="d",
        country="DEU",
        device=3,
        exchange="adx",
        error_code=402,
    )
    names = {by.value: list(report([full, event(2)], by)) for by in By}

    assert names == {
        "campaign": ["c1"],
        "day": [f"{NOW:%Y-%m-%d}"],
        "hour": [f"{NOW:%Y-%m-%dT%H}"],
        "advertiser": ["(unknown)", "shop.example"],
        "deal": ["(no deal)", "d"],
        "creative": ["c1/spot"],
        "country": ["(unknown)", "DEU"],
        "device": ["(unknown)", "connected tv"],
        "exchange": ["(unnamed)", "adx"],
        "error": ["(no error)", "402"],
    }
    assert list(report([event(1, Kind.ERROR)], By.ERROR)) == ["(no code)"]


def test_a_report_has_savings_invalid_and_late_events() -> None:
    events = [
        event(1, Kind.IMPRESSION, value_micros=8_000_000),
        event(2, Kind.IMPRESSION, price_micros=2_000_000),
        event(3, Kind.BILL),
        event(4, Kind.IMPRESSION, invalid="too-late"),
        event(5, Kind.CLICK, invalid="crawler"),
        event(6, Kind.IMPRESSION, test=True),
        event(7, Kind.IMPRESSION, test=True, invalid="too-late"),
        event(8, Kind.IMPRESSION),
        event("n", Kind.BIDS, count=20),
        event(2, Kind.WIN),
        event(2, Kind.MUTE),
    ]
    [row] = report(events, By.CAMPAIGN, unbilled_ids=["bid-8"]).values()

    assert (row.billed, row.spend_micros, row.saved_micros) == (3, 12_000, 3_000)
    assert (row.test, row.invalid, row.late) == (2, 3, 1)
    assert {kind: count for kind, count in row.counts.items() if count} == {
        Kind.BIDS: 20,
        Kind.WIN: 1,
        Kind.IMPRESSION: 2,
    }
    assert (row.cpm_micros, row.win_rate) == (4_000_000, Fraction(1, 20))
    double = total([row, row])
    assert (double.billed, double.spend_micros, double.saved_micros) == (6, 24_000, 6_000)
    assert (double.test, double.invalid, double.late, double.counts[Kind.BIDS]) == (4, 6, 2, 40)
    assert total([]) == ReportRow()
    assert set(ReportRow().counts.values()) == {0}


def test_the_first_delivery_of_an_event_counts() -> None:
    early, delay = event(1, price_micros=1_000_000), event(1, price_micros=3_000_000, at=NOW + timedelta(minutes=1))
    billed = [event(1, Kind.BILL, price_micros=2_000_000, at=NOW + timedelta(seconds=30))]

    for events in ([early, delay], [delay, early], [delay, *billed, early]):
        [row] = report(events, By.CAMPAIGN).values()
        assert (row.billed, row.spend_micros, row.counts[Kind.IMPRESSION]) == (1, 1_000, 1)
    same = [event(1, price_micros=2_000_000), event(1, price_micros=1_000_000)]
    assert report(same, By.CAMPAIGN)["c1"].spend_micros == 1_000


TODAY = NOW.date()


def verified(events: list[Event], markers: dict[tuple[str, str], Marker], counted: dict[str, int]) -> Any:
    return verify(sales_by_bid(events), markers, {"c1": counted}, TODAY)["c1"]


def marker_of(sale: Event, **changes: Any) -> Marker:
    return Marker(sale.kind.value, sale.at.isoformat(), sale.price_micros)._replace(**changes)


SALE = event(1, deal_id="d", advertiser="shop.example")
OWED = {
    "micros": 5_000,
    "impressions": 1,
    f"hour#{NOW:%H}": 5_000,
    "deal#d": 5_000,
    "advertiser#shop.example": 5_000,
}


def test_a_correct_ledger_has_no_differences() -> None:
    others = {"delay#0": 1, f"shown#{NOW:%H}": 1, "invalid": 7, "invalid_micros": 9}
    result = verified([SALE, SALE], {("bid-1", "billed"): marker_of(SALE)}, {**OWED, **others})

    assert (result.is_equal, result.reasons) == (True, [])
    assert dict(result.counted) == dict(result.archived) == OWED


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"micros": 6_000}, ["1000 micros counted, with no event in the archive"]),
        ({"micros": 5_001}, ["1 micros counted, with no event in the archive"]),
        ({"micros": 4_999}, ["1 micros missing from the counters, though marked"]),
        ({"micros": 4_000}, ["1000 micros missing from the counters, though marked"]),
        ({"impressions": 3, "deal#d": 4_000}, ["deal#d: 1000 less counted", "impressions: 2 more counted"]),
        ({"deal#e": 1}, ["deal#e: 1 more counted"]),
    ],
)
def test_a_difference_is_reported_with_its_amount(changes: dict[str, int], reasons: list[str]) -> None:
    result = verified([SALE], {("bid-1", "billed"): marker_of(SALE)}, {**OWED, **changes})

    assert not result.is_equal
    assert [reason.removesuffix(" than the archive comes to") for reason in result.reasons] == reasons


def test_a_bid_without_a_marker_is_uncounted_or_invalid() -> None:
    result = verified([SALE], {}, {})
    assert (result.is_equal, len(result.reasons)) == (False, 1)
    assert result.reasons[0].startswith("bid bid-1: 5000 micros")
    assert result.archived["micros"] == 5_000

    result = verified([SALE], {("bid-1", "invalid"): marker_of(SALE)}, {})
    assert (result.is_equal, len(result.reasons)) == (True, 1)
    assert result.archived == {}


def test_a_bid_is_due_by_the_event_in_its_marker() -> None:
    later_time = event(1, Kind.BILL, price_micros=3_000_000, at=NOW + timedelta(days=1))
    for marked, day, cost in ((SALE, TODAY, 5_000), (later_time, TODAY + timedelta(days=1), 3_000)):
        [result] = verify(sales_by_bid([later_time, SALE]), {("bid-1", "billed"): marker_of(marked)}, {}, day).values()
        assert result.archived["micros"] == cost
    assert verify(sales_by_bid([later_time, SALE]), {("bid-1", "billed"): marker_of(later_time)}, {}, TODAY) == {}
    [first, second] = sales_by_bid([later_time, SALE, SALE])["bid-1"]
    assert (first, second) == (SALE, later_time)
    assert sales_by_bid([event(1, Kind.CLICK), event(2, test=True), event(3, invalid="crawler")]) == {}


@pytest.mark.parametrize(
    ("price_vector", "marked", "cost"),
    [("adx/v", 5_000_000, 5_000), ("adx/v", 3_000_000, 3_000), ("adx/v", None, 3_000), (None, 5_000_000, 3_000)],
)
def test_a_bid_with_the_encrypted_price_of_another_bid_is_due_at_its_own_price(
    price_vector: str | None, marked: int | None, cost: int
) -> None:
    sale = event(1, Kind.BILL, price_micros=3_000_000, price_vector=price_vector)

    result = verified([sale], {("bid-1", "billed"): marker_of(sale, price_micros=marked)}, {})

    assert result.archived["micros"] == cost


def test_days_are_in_the_campaigns_time_zone() -> None:
    sale = event(1, at="2026-11-22T23:30:00Z", zone="Asia/Tokyo")
    results = verify(sales_by_bid([sale]), {("bid-1", "billed"): marker_of(sale)}, {}, date(2026, 11, 23))

    assert dict(results["c1"].archived) == {"micros": 5_000, "impressions": 1, "hour#08": 5_000}
