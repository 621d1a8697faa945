"""Reports of days, the ledger's days and `ledger verify` agree to the micro with a naive model of the rules of billing.

Events of a bid are repeated over midnight, arrive in any order, and state different prices.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.cli.report import period, print_report
from bidder.consumers.ledger import count_spend
from bidder.events.archive import Archive, archive_objects
from bidder.events.bounded_sets import BoundedSets
from bidder.events.claims import GRACE, LONGEST_EXP
from bidder.events.event import Event
from bidder.events.ivt_filter import IvtFilter
from bidder.events.kinds import Kind
from bidder.events.ledger import Ledger
from bidder.events.report import By
from bidder.events.verify import sales_by_bid, verify
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event
from tests.support.examples import examples
from tests.support.fake_s3 import FakeS3
from tests.support.service import service

ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata")
CLOCKS_GO_BACK = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
A_BATCH = 5
MIDNIGHTS = (
    datetime(2026, 10, 24, 22, tzinfo=UTC),  # Berlin's day of 25 hours begins
    datetime(2026, 10, 25, 23, tzinfo=UTC),  # and ends
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 10, 24, 18, 30, tzinfo=UTC),  # Kolkata's midnight
    CLOCKS_GO_BACK,
)


@st.composite
def sales(draw: st.DrawFn) -> list[Event]:
    """The events of some bids in the order in which the ledger gets them. The terms of a bid are those of its token.

    Bids at one encrypted price are of one time: a price that is encrypted minutes after a bid does not settle the bid.
    """
    events: list[Event] = []
    for number in range(draw(st.integers(0, 6))):
        midnight = draw(st.sampled_from(MIDNIGHTS))
        terms: dict[str, Any] = {
            "campaign_id": f"c{number % 2}",
            "zone": ZONES[draw(st.integers(0, 2))],
            "bid_at": midnight - timedelta(hours=1),
            "expires": midnight + timedelta(hours=12),
            "billed_by": draw(st.sampled_from(["impression", "bill", None])),
            "user": draw(st.sampled_from([None, "farm"])),
            "bid_price_micros": 5_000_500,
        }
        for _ in range(draw(st.integers(1, 4))):
            vector = draw(st.sampled_from([None, None, f"adx/{midnight:%d%H%M}"]))
            events.append(
                event(
                    number,
                    draw(st.sampled_from([Kind.IMPRESSION, Kind.BILL, Kind.WIN])),
                    at=midnight
                    + draw(st.sampled_from([-1800, -1, -0.5, 0, 0.5, 40, 3600, 39_600])) * SECOND
                    + timedelta(microseconds=len(events)),
                    price_micros=draw(st.sampled_from([5_000_500, 4_999_500, 4_500_000])),
                    price_vector=vector,
                    invalid=draw(st.sampled_from([None] * 5 + ["crawler"])),
                    address=draw(st.sampled_from(["a", "b"])),
                    **terms,
                )
            )
    if draw(st.booleans()):
        crowd = [event(f"crowd-{n}", user="farm", at=MIDNIGHTS[0], bid_at=MIDNIGHTS[0]) for n in range(19)]
        events = [*crowd, *events]
    events += draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    return draw(st.permutations(events))


def billed_by_rules(events: Iterable[Event]) -> dict[tuple[str, date], tuple[int, int]]:
    """The micros and impressions of each campaign's day, by the rules in the documentation, one event at a time."""
    paid: set[str] = set()
    of_minute: dict[tuple[str, str], list[str]] = defaultdict(list)
    first_with_price: dict[str, str] = {}
    micros, impressions = Counter[tuple[str, date]](), Counter[tuple[str, date]]()
    for each in events:
        kinds = {None: {"impression", "bill"}, "impression": {"impression"}, "bill": {"bill"}}[each.billed_by]
        if each.kind.value not in kinds or each.invalid:
            continue
        is_valid = True
        if each.kind is Kind.IMPRESSION and each.user:
            minute_impressions = of_minute[each.user, f"{each.at:%d %H:%M}"]
            if each.bid_id not in minute_impressions and len(minute_impressions) < 20:
                minute_impressions.append(each.bid_id)
            is_valid = each.bid_id in minute_impressions
        price = each.price_micros
        if each.price_vector and first_with_price.setdefault(each.price_vector, each.bid_id) != each.bid_id:
            price = each.bid_price_micros
        if is_valid and each.bid_id not in paid:
            paid.add(each.bid_id)
            day = each.at.astimezone(ZoneInfo(each.zone)).date()
            micros[each.campaign_id, day] += round(Fraction(price, 1000))
            impressions[each.campaign_id, day] += 1
    return {key: (micros[key], impressions[key]) for key in impressions}


def store_events(events: list[Event]) -> tuple[Ledger, Archive]:
    dynamodb = FaultyDynamoDB("ledger")
    ledger = Ledger(dynamodb.client, "ledger", pause=lambda _: None)
    process = service(None, ledger=ledger, ivt_filter=IvtFilter(BoundedSets(dynamodb.client, "ledger")))
    archive = Archive(FakeS3(), "archive")  # type: ignore[arg-type]
    for start in range(0, len(events), A_BATCH):
        batch = {str(number): each for number, each in enumerate(events[start : start + A_BATCH], start)}
        count_spend(process, [{"messageId": number, "body": each.model_dump_json()} for number, each in batch.items()])
        for item in archive_objects(batch):
            archive.put(item)
    return ledger, archive


@examples(0.1)
@given(sales(), st.sampled_from([None, *ZONES]))
def test_the_ledger_its_verification_and_reports_of_days_agree_with_the_rules(
    events: list[Event], zone: str | None
) -> None:
    """With `zone` all campaigns have the time zone of the report, so that their days are the report's."""
    events = [each.model_copy(update={"zone": zone or each.zone}) for each in events]
    ledger, archive = store_events(events)
    expected = billed_by_rules(events)
    bids = sales_by_bid(events)
    markers = ledger.markers(bids)

    for day in {each.at.astimezone(ZoneInfo(zone or each.zone)).date() for each in events}:
        ledger_sums = {name: ledger.day(name, day) for name in ("c0", "c1")}
        amounts = {
            name: (of_day["micros"], of_day["impressions"])
            for name, of_day in ledger_sums.items()
            if "micros" in of_day
        }
        of_day = {name: sums for (name, of), sums in expected.items() if of == day}
        assert amounts == of_day
        assert all(result.is_equal for result in verify(bids, markers, ledger_sums, day).values())
        if zone:
            assert report_of(ledger, archive, day, zone) == of_day


def report_of(ledger: Ledger, archive: Archive, day: date, zone: str) -> dict[str, tuple[int, int]]:
    """The spend and the billed impressions of each campaign in the report of a day."""
    output: list[Any] = []
    process = service(None, archive=archive, ledger=ledger)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bidder.cli.report.print_json", output.append)
        print_report(process, period(day, None, None, zone), By.CAMPAIGN, "json")
    return {row["campaign"]: (row["spend_micros"], row["billed"]) for row in output[0]["rows"] if row["billed"]}


LATE, EARLY = MIDNIGHTS[2] - SECOND, MIDNIGHTS[2] + SECOND
LAST = LATE + LONGEST_EXP + GRACE
BEFORE, AFTER = LATE.date(), EARLY.date()
PRICED: dict[str, Any] = {"bid_price_micros": 5_000_000, "bid_at": LATE}


@pytest.mark.parametrize(
    ("events", "days"),
    [
        # the repeated event is of the next day
        ([event(1, at=LATE, **PRICED), event(1, at=EARLY, **PRICED)], {BEFORE: 5000}),
        # the ledger got the later event first
        ([event(1, at=EARLY, **PRICED), event(1, at=LATE, **PRICED)], {AFTER: 5000}),
        # the later event states another price and is of the same hour
        ([event(1, at=EARLY, price_micros=4_000_000, **PRICED), event(1, at=EARLY + SECOND, **PRICED)], {AFTER: 4000}),
        ([event(1, at=EARLY + SECOND, price_micros=4_000_000, **PRICED), event(1, at=EARLY, **PRICED)], {AFTER: 4000}),
        # a bid of the next day repeats an encrypted price
        (
            [
                event(1, at=LATE, price_micros=4_000_000, price_vector="adx/v", **PRICED),
                event(2, at=EARLY, price_micros=4_000_000, price_vector="adx/v", **PRICED),
            ],
            {BEFORE: 4000, AFTER: 5000},
        ),
        # the longest time between two events of a bid
        (
            [
                event(1, at=at, **{**PRICED, "bid_at": LATE, "expires": LATE + LONGEST_EXP + GRACE})
                for at in (LATE, LAST)
            ],
            {BEFORE: 5000},
        ),
    ],
)
def test_a_bid_is_in_the_report_of_one_day(events: list[Event], days: dict[date, int]) -> None:
    ledger, archive = store_events(events)

    for day in (BEFORE, AFTER):
        spend = {name: micros for name, (micros, _) in report_of(ledger, archive, day, "UTC").items()}
        assert spend == ({"c1": days[day]} if day in days else {})
