"""An import into a throttling DynamoDB: it slows down, continues, and stores each campaign once."""

from itertools import cycle

import pytest
from botocore.exceptions import ClientError

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.repository import CampaignRepository
from bidder.campaigns.stored import Contended
from tests.support.campaigns import NOW, campaign
from tests.support.dynamodb import FaultyDynamoDB, refusal

REFUSALS = (
    refusal("TransactionCanceledException", ["None", "ThrottlingError"]),
    refusal("TransactionCanceledException", ["ProvisionedThroughputExceeded"]),
    refusal("ThrottlingException"),
    refusal("ProvisionedThroughputExceededException"),
    refusal("TransactionInProgressException"),
    refusal("RequestLimitExceeded"),
)


class Throttling:
    """Tables that accept `a_second` transactions a second, and refuse the others with each throttling error.

    Only pauses advance the clock. Every twentieth batch of keys stays unprocessed.
    """

    def __init__(self, a_second: float) -> None:
        self.tables = FaultyDynamoDB("campaigns", "history")
        self.clock, self.room, self.a_second = 0.0, 1.0, a_second
        self.throttled_calls, self.reads = 0, 0
        self.refusals = cycle(REFUSALS)
        self.tables.before_write = self.take
        self.tables.read_at_once = self.read_at_once

    def pause(self, seconds: float) -> None:
        self.clock += seconds
        self.room = min(1.0, self.room + seconds * self.a_second)

    def take(self) -> None:
        if self.room < 1:
            self.throttled_calls += 1
            raise next(self.refusals)
        self.room -= 1

    def read_at_once(self) -> int:
        self.reads += 1
        return 7 if self.reads % 20 else 0

    def repository(self) -> CampaignRepository:
        return CampaignRepository(self.tables.client, "campaigns", "history", "ann", now=lambda: NOW, pause=self.pause)


TRANSACTIONS = 8
BOOK = [campaign(id=f"c{number:04}") for number in range(40 * TRANSACTIONS)]


def list_stored(fake: Throttling) -> list[Campaign]:
    unthrottled = CampaignRepository(fake.tables.client, "campaigns", "history")
    return sorted(unthrottled.all(), key=lambda item: item.id)


@pytest.mark.slow
@pytest.mark.parametrize("a_second", [0.5, 4, 100])
def test_each_campaign_is_stored_once_with_few_throttled_calls(a_second: float) -> None:
    fake = Throttling(a_second)
    steps = list(fake.repository().put_each(BOOK))

    assert list_stored(fake) == BOOK
    assert [stored_count for stored_count, _ in steps] == list(range(40, len(BOOK) + 1, 40)), (
        "progress goes on to the end"
    )
    assert sorted(name for _, changed in steps for name in changed) == [item.id for item in BOOK]
    assert {item["version"]["N"] for item in fake.tables.items().values()} == {"1"}
    assert fake.tables.transactions == TRANSACTIONS
    assert fake.throttled_calls <= 2 * TRANSACTIONS
    assert fake.clock <= 4 * TRANSACTIONS / a_second + 20


@pytest.mark.slow
def test_an_interrupted_import_continues_in_the_next_run() -> None:
    fake = Throttling(4)
    first = fake.repository().put_each(BOOK)
    for _ in range(4):
        next(first)
    fake.a_second = 0
    with pytest.raises(Contended, match="c0160, c0161, c0162…: not written after 10 attempts"):
        list(first)
    assert len(list_stored(fake)) == 160

    fake.a_second = 4
    changed_ids = [name for _, names in fake.repository().put_each(BOOK) for name in names]

    assert list_stored(fake) == BOOK
    assert changed_ids == [item.id for item in BOOK[160:]]


def test_a_permanent_error_is_raised_without_a_retry() -> None:
    fake = Throttling(100)

    def refuse() -> None:
        raise refusal("AccessDeniedException")

    fake.tables.before_write = refuse
    with pytest.raises(ClientError, match="AccessDenied"):
        fake.repository().put_many(BOOK)
    assert fake.clock < 1


def test_a_table_that_leaves_all_keys_unprocessed_causes_an_error() -> None:
    fake = Throttling(100)
    fake.tables.read_at_once = lambda: 0

    with pytest.raises(Contended, match="not read after 10 attempts"):
        fake.repository().get("c0001")
