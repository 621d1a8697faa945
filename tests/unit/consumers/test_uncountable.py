"""An event that is valid but cannot be counted fails alone, so that only that event ends in the dead-letter queue."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bidder.consumers.frequency import count_exposures
from bidder.consumers.learning import count_outcomes
from bidder.consumers.ledger import count_spend
from bidder.events.bounded_sets import BoundedSets
from bidder.events.event import Event
from bidder.events.frequency import Frequency
from bidder.events.ivt_filter import IvtFilter
from bidder.events.kinds import Kind
from bidder.events.learning import Learning
from bidder.events.ledger import Ledger
from bidder.events.traffic_log import TrafficLog
from tests.support.dynamodb import FaultyDynamoDB, Unreachable, refusal
from tests.support.events import event
from tests.support.service import service

pytestmark = pytest.mark.slow

END = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
UNCOUNTABLE: dict[str, dict[str, Any]] = {
    "a name beyond DynamoDB's limit": {"bid_id": "b" * 3000},
    "a campaign beyond the limit": {"campaign_id": "c" * 3000},
    "a viewer beyond the limit": {"user": "u" * 3000},
    "a deal beyond the limit": {"deal_id": "d" * 70_000},
    "a time without a local time": {"at": END, "bid_at": END, "expires": END, "zone": "Asia/Tokyo"},
    "an unknown zone": {"zone": "America"},
    "a zone longer than a file's name": {"zone": "x" * 5000},
}
CONSUMERS: dict[str, Callable[..., Any]] = {
    "ledger": count_spend,
    "learning": count_outcomes,
    "frequency": count_exposures,
}


class Tables:
    """The tables of the consumers, and the messages that a consumer returns."""

    def __init__(self) -> None:
        self.dynamodb = FaultyDynamoDB("ledger", "learning", "frequency")
        aws: Any = self.dynamodb.client
        self.service = service(
            None,
            ledger=Ledger(aws, "ledger"),
            ivt_filter=IvtFilter(BoundedSets(aws, "ledger")),
            learning=Learning(aws, "learning"),
            traffic_log=TrafficLog(aws, "learning"),
            frequency=Frequency(aws, "frequency"),
        )

    def failed(self, consumer: str, events: list[Event]) -> list[str]:
        records = [{"messageId": str(number), "body": item.model_dump_json()} for number, item in enumerate(events)]
        answer = CONSUMERS[consumer](self.service, records)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def markers(self, consumer: str) -> set[str]:
        suffixes = {"billed", "impression", "shown"}
        return {pk for pk, sk in self.dynamodb.items(consumer) if sk in suffixes}


@pytest.mark.parametrize("consumer", CONSUMERS)
@pytest.mark.parametrize("name", UNCOUNTABLE)
@pytest.mark.parametrize("position", [0, 3, 6])
def test_an_event_that_cannot_be_counted_fails_alone(consumer: str, name: str, position: int) -> None:
    events = [event(number, campaign_id=f"c{number % 2}", user=f"u{number}") for number in range(6)]
    events.insert(position, event("odd", **{"user": "u9", **UNCOUNTABLE[name]}))
    tables = Tables()

    failed = tables.failed(consumer, events)

    assert set(failed) <= {str(position)}
    assert {f"bid#bid-{number}" for number in range(6)} <= tables.markers(consumer)
    if consumer == "ledger":
        spends = {pk: item for (pk, sk), item in tables.dynamodb.items().items() if sk == "total"}
        count = sum(int(item["impressions"]["N"]) for item in spends.values())
        assert count == len(events) - len(failed)


@pytest.mark.parametrize("consumer", CONSUMERS)
@pytest.mark.parametrize(
    "failure", [Unreachable(), refusal("ProvisionedThroughputExceededException"), refusal("ThrottlingException")]
)
def test_while_dynamodb_fails_the_events_are_not_tried_apart(consumer: str, failure: Exception) -> None:
    """Each half of a batch would fail too, and a throttled table would get more writes."""
    tables, writes = Tables(), []

    def fail() -> None:
        writes.append(1)
        raise failure

    tables.dynamodb.before_write = fail
    with pytest.raises(type(failure)):
        tables.failed(consumer, [event(number, Kind.IMPRESSION, user="anna") for number in range(8)])

    assert len(writes) == 1
