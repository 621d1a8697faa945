"""Reports, the ledger and `ledger verify` agree on billed amounts for any order of valid and invalid events."""

from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bidder.consumers.ledger import count_spend
from bidder.events.bounded_sets import BoundedSets
from bidder.events.counters import BILLED, INVALID
from bidder.events.event import Event
from bidder.events.ivt_filter import IvtFilter
from bidder.events.ivt_suspects import bids_in_crowded_minutes
from bidder.events.kinds import Kind
from bidder.events.ledger import Ledger
from bidder.events.report import By, ReportRow, report
from bidder.events.verify import sales_by_bid, verify
from tests.support.campaigns import NOW
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event
from tests.support.examples import examples
from tests.support.service import service

CAMPAIGNS = ("c0", "c1", "c2")


def served(count: int, rng: Random) -> list[Event]:
    """Random events. All events of a bid have the same token data, with different senders and times."""
    kinds = [Kind.IMPRESSION, Kind.IMPRESSION, Kind.IMPRESSION, Kind.BILL, Kind.WIN]
    return [
        event(
            number,
            rng.choice(kinds),
            campaign_id=f"c{number % 3}",
            price_micros=1_000_500 * (number + 1),
            test=number % 7 == 0,
            billed_by=["impression", "bill", None][number % 3],
            user=None if number % 3 == 1 else "farm",
            address=f"a{rng.randrange(10)}",
            invalid=rng.choice([None] * 5 + ["crawler"]),
        )
        for number in (rng.randrange(1, 90) for _ in range(count))
    ]


def ledger_of(events: list[Event]) -> Ledger:
    dynamodb = FaultyDynamoDB("ledger")
    ledger = Ledger(dynamodb.client, "ledger", pause=lambda _: None)
    process = service(None, ledger=ledger, ivt_filter=IvtFilter(BoundedSets(dynamodb.client, "ledger")))
    for start in range(0, len(events), 40):
        batch = enumerate(events[start : start + 40])
        count_spend(process, [{"messageId": str(number), "body": item.model_dump_json()} for number, item in batch])
    return ledger


@examples(0.1)
@given(st.integers(0, 400), st.randoms(use_true_random=False))
def test_report_ledger_and_verification_agree_to_the_micro(count: int, rng: Random) -> None:
    events = served(count, rng)
    ledger = ledger_of(events)
    rng.shuffle(events)

    suspects = bids_in_crowded_minutes(events)
    markers = ledger.markers(suspects)
    unbilled = {name for name in suspects if (name, INVALID) in markers and (name, BILLED) not in markers}
    rows = report(events, By.CAMPAIGN, unbilled)
    days = {name: ledger.day(name, NOW.date()) for name in CAMPAIGNS}
    bids = sales_by_bid(events)
    verified = verify(bids, ledger.markers(bids), days, NOW.date())

    for name in CAMPAIGNS:
        row = rows.get(name, ReportRow())
        assert (row.spend_micros, row.billed) == (days[name].get("micros", 0), days[name].get("impressions", 0))
        assert name not in verified or verified[name].is_equal


def test_a_bot_farm_is_billed_only_for_the_limit_of_a_person() -> None:
    impressions = [event(number, user="farm", at=NOW + timedelta(seconds=number)) for number in range(30)]
    ledger = ledger_of(list(reversed(impressions)))

    markers = ledger.markers(bids_in_crowded_minutes(impressions))
    unbilled = {name for name, kind in markers if kind == INVALID}
    [row] = report(impressions, By.CAMPAIGN, unbilled).values()

    assert unbilled == {f"bid-{number}" for number in range(10)}
    assert (row.billed, row.counts[Kind.IMPRESSION], row.invalid) == (20, 20, 10)
