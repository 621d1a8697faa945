"""Reports compared with their definition, bid by bid."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.events.event import Event
from bidder.events.ivt_rules import MAX_ADDRESSES, IvtRule
from bidder.events.kinds import Kind
from bidder.events.report import REPORTED_KINDS, By, ReportRow, report, total
from tests.support.campaigns import NOW
from tests.support.events import event

events = st.lists(
    st.builds(
        # all events of a bid have one campaign and one price, those of its token
        lambda number, kind, minutes, test, invalid: event(
            number,
            kind,
            campaign_id=f"c{number % 3}",
            price_micros=1_000_500 * (number + 1),
            at=NOW + timedelta(minutes=minutes),
            test=test,
            invalid=invalid,
            deal_id=[None, "d1"][number % 2],
            advertiser="shop.example",
            billed_by=[None, "impression", "bill"][number % 3],
            count=number + 1 if kind is Kind.BIDS else None,
            bid_price_micros=1_000_500 * (number + 1),
            value_micros=[None, 1_000_500 * (number + 1), 12_345_678][number % 3],
        ),
        st.integers(0, 8),
        st.sampled_from([*REPORTED_KINDS, Kind.BILL, Kind.MUTE]),
        st.integers(0, 200),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([None, None, None, "crawler"]),
    ),
    max_size=40,
)


def defined(events: list[Event], campaign: str) -> ReportRow:
    """A campaign's row by its definition."""
    campaign_events = [e for e in events if e.campaign_id == campaign]
    valid = [e for e in campaign_events if not e.test and not e.invalid]
    kinds = {None: ("impression", "bill"), "impression": ("impression",), "bill": ("bill",)}
    due = {e.bid_id: e.price_micros for e in valid if e.kind in kinds[e.billed_by]}
    worth = {e.bid_id: (e.value_micros, e.bid_price_micros) for e in valid if e.bid_id in due}
    return ReportRow(
        saved_micros=sum(
            round(Fraction(value, 1000)) - round(Fraction(bid, 1000)) for value, bid in worth.values() if value
        ),
        counts={
            kind: sum({e.bid_id: e.count or 1 for e in valid if e.kind == kind}.values()) for kind in REPORTED_KINDS
        },
        billed=len(due),
        spend_micros=sum(round(Fraction(price, 1000)) for price in due.values()),
    )


@given(events, st.randoms())
def test_each_event_counts_once_per_bid_and_kind_in_any_order(events: list[Event], rng) -> None:  # type: ignore[no-untyped-def]
    delivered = [*events, *(e for e in events if rng.random() < 0.5)]
    rng.shuffle(delivered)

    rows = report(delivered, By.CAMPAIGN)

    for name in ("c0", "c1", "c2"):
        row, expected = rows.get(name, ReportRow()), defined(events, name)
        assert (row.counts, row.billed, row.spend_micros) == (expected.counts, expected.billed, expected.spend_micros)
        assert row.saved_micros == expected.saved_micros
    assert report(events, By.CAMPAIGN) == rows


@given(events)
def test_the_total_is_the_same_for_each_dimension(events: list[Event]) -> None:
    first, *rest = (total(report(events, by).values()) for by in By)

    assert rest == [first] * (len(By) - 1)


def test_rates_relate_to_attempts_and_tests_are_separate() -> None:
    wins_and_impressions = [event(number, kind) for number in range(4) for kind in (Kind.WIN, Kind.IMPRESSION)]
    more = [event(0, Kind.COMPLETE), event(0, Kind.CLICK), *(event(number, Kind.LOSS) for number in range(4, 10))]
    excluded_events = [event(20, test=True), event(21, invalid="crawler")]

    [row] = report([*wins_and_impressions, *more, *excluded_events], By.CAMPAIGN).values()

    assert (row.win_rate, row.vtr, row.ctr) == (Fraction(4, 10), Fraction(1, 4), Fraction(1, 4))
    assert (row.billed, row.spend_micros, row.cpm_micros) == (4, 20_000, 5_000_000)
    assert (row.test, row.invalid) == (1, 1)


def test_the_win_rate_relates_to_counted_bids_or_to_ended_bids_if_more() -> None:
    won = [event(number, Kind.WIN) for number in range(4)]
    counts = [event(f"p-{number}", Kind.BIDS, count=10) for number in range(3)]

    [row] = report([*won, *counts, *counts], By.CAMPAIGN).values()
    assert (row.counts[Kind.BIDS], row.win_rate) == (30, Fraction(4, 30))

    [row] = report([*won, event("p-0", Kind.BIDS, count=2)], By.CAMPAIGN).values()
    assert row.win_rate == 1


def test_spend_is_reported_by_deal_and_by_advertiser() -> None:
    impressions = [event(1, deal_id="d1", advertiser="a.example"), event(2, advertiser="a.example"), event(3)]

    by_deal, by_advertiser = report(impressions, By.DEAL), report(impressions, By.ADVERTISER)

    assert {name: row.spend_micros for name, row in by_deal.items()} == {"(no deal)": 10_000, "d1": 5_000}
    assert {name: row.spend_micros for name, row in by_advertiser.items()} == {"(unknown)": 5_000, "a.example": 10_000}


def test_a_replayed_bid_is_billed_once_and_also_reported_as_invalid() -> None:
    around = [event(1, address=f"a{number}") for number in range(MAX_ADDRESSES + 1)]

    [row] = report([*around, event(2, address="a1"), event(2, address="a2")], By.CAMPAIGN).values()

    assert (row.counts[Kind.IMPRESSION], row.billed, row.invalid) == (2, 2, 1)


def test_of_events_of_a_moment_the_same_one_is_reported_in_any_order() -> None:
    crawled, late = event(1, invalid=IvtRule.CRAWLER), event(1, invalid=IvtRule.TOO_LATE)
    unbilled = event(1)

    for delivered in permutations((crawled, late, unbilled)):
        [row] = report(delivered, By.CAMPAIGN, unbilled_ids=["bid-1"]).values()
        assert (row.invalid, row.late) == (1, 0)
    for delivered in permutations((crawled, late)):
        [row] = report(delivered, By.CAMPAIGN).values()
        assert (row.invalid, row.late) == (1, 0)


def test_without_attempts_there_is_no_rate() -> None:
    assert (ReportRow().win_rate, ReportRow().cpm_micros, ReportRow().vtr, ReportRow().ctr) == (None, None, None, None)


def test_rows_by_hour_are_in_utc() -> None:
    assert list(report([event(1, at="2026-11-23T23:30:00-05:00")], By.HOUR)) == ["2026-11-24T04"]


@pytest.mark.parametrize(
    ("zone", "first", "count", "hours"),
    [
        (
            "Europe/Berlin",
            "2026-10-24T23:30:00Z",
            4,
            ["2026-10-25T01", "2026-10-25T02+02:00", "2026-10-25T02+01:00", "2026-10-25T03"],
        ),
        (
            "America/New_York",
            "2026-11-01T04:30:00Z",
            4,
            ["2026-11-01T00", "2026-11-01T01-04:00", "2026-11-01T01-05:00", "2026-11-01T02"],
        ),
        ("Europe/Berlin", "2026-03-29T00:30:00Z", 2, ["2026-03-29T01", "2026-03-29T03"]),
        ("Asia/Kolkata", "2026-10-24T23:30:00Z", 2, ["2026-10-25T05", "2026-10-25T06"]),
    ],
)
def test_the_hour_that_clocks_repeat_is_two_rows(zone: str, first: str, count: int, hours: list[str]) -> None:
    start = datetime.fromisoformat(first)
    impressions = [event(number, at=(start + number * timedelta(hours=1)).isoformat()) for number in range(count)]

    rows = report(list(reversed(impressions)), By.HOUR, time_zone=ZoneInfo(zone))

    assert list(rows) == hours
    assert [row.counts[Kind.IMPRESSION] for row in rows.values()] == [1] * count


def test_half_an_hour_that_clocks_repeat_has_the_offset_in_both_rows() -> None:
    start = datetime(2026, 4, 4, 14, tzinfo=UTC)  # 01:00 at +11:00; at 02:00 clocks go back to 01:30
    impressions = [event(n, at=(start + n * timedelta(minutes=30)).isoformat()) for n in range(4)]

    rows = report(impressions, By.HOUR, time_zone=ZoneInfo("Australia/Lord_Howe"))

    assert [(name, row.counts[Kind.IMPRESSION]) for name, row in rows.items()] == [
        ("2026-04-05T01+11:00", 2),
        ("2026-04-05T01+10:30", 1),
        ("2026-04-05T02", 1),
    ]


def test_hours_are_in_the_requested_time_zone() -> None:
    impressions = [event(1, at="2026-11-23T23:30:00+00:00")]

    assert list(report(impressions, By.HOUR, time_zone=ZoneInfo("Europe/Berlin"))) == ["2026-11-24T00"]
    assert list(report(impressions, By.DAY, time_zone=ZoneInfo("Europe/Berlin"))) == ["2026-11-24"]


def test_rows_are_by_creative_country_exchange_and_error() -> None:
    events = [event(1, creative_id="s1", country="DEU", exchange="adx"), event(2, Kind.ERROR, error_code=402)]
    events += [event(3, Kind.ERROR), event(4, Kind.SKIP)]

    assert set(report(events, By.CREATIVE)) == {"c1/s1", f"c1/{events[1].creative_id}"}
    assert set(report(events, By.COUNTRY)) == {"DEU", "(unknown)"}
    assert set(report(events, By.EXCHANGE)) == {"adx", "(unnamed)"}
    of_devices = [event(number, device=device) for number, device in enumerate([3, 3, 4, 77, None])]
    by_device = {name: row.counts[Kind.IMPRESSION] for name, row in report(of_devices, By.DEVICE).items()}
    assert by_device == {"(unknown)": 1, "77": 1, "connected tv": 2, "phone": 1}
    by_error = report(events, By.ERROR)
    assert {name: row.counts[Kind.ERROR] for name, row in by_error.items()} == {
        "(no error)": 0,
        "402": 1,
        "(no code)": 1,
    }
    assert by_error["(no error)"].counts[Kind.SKIP] == 1
