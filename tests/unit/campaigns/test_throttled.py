"""An import into a DynamoDB that throttles: it slows down, goes on, and ends with everything stored once."""

from itertools import cycle
from typing import Any

import pytest

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.repository import CampaignRepository
from bidder.campaigns.stored import Contended
from tests.support.campaigns import NOW, campaign
from tests.support.fake_tables import ClientError, FakeTables, TransactionCanceledException

REFUSALS = (
    TransactionCanceledException(["None", "ThrottlingError"]),
    TransactionCanceledException(["ProvisionedThroughputExceeded"]),
    ClientError("ThrottlingException"),
    ClientError("ProvisionedThroughputExceededException"),
    ClientError("TransactionInProgressException"),
    ClientError("RequestLimitExceeded"),
)


class Throttling(FakeTables):
    """Takes so many transactions a second, by a clock that only pauses move; refuses the rest in every way there is.

    Of a batch that is read, it leaves everything unread each twentieth time.
    """

    def __init__(self, a_second: float) -> None:
        super().__init__({"campaigns": ("id",), "history": ("pk", "sk")})
        self.clock, self.room, self.a_second = 0.0, 1.0, a_second
        self.refused, self.reads = 0, 0
        self.refusals = cycle(REFUSALS)
        self.before_write = self.take

    def pause(self, seconds: float) -> None:
        self.clock += seconds
        self.room = min(1.0, self.room + seconds * self.a_second)

    def take(self) -> None:
        if self.room < 1:
            self.refused += 1
            raise next(self.refusals)
        self.room -= 1

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        self.reads += 1
        if self.reads % 20 == 0:
            return {"Responses": {}, "UnprocessedKeys": RequestItems}
        return super().batch_get_item(RequestItems=RequestItems)


def repository(fake: Throttling) -> CampaignRepository:
    return CampaignRepository(fake, "campaigns", "history", "ann", now=lambda: NOW, pause=fake.pause)  # type: ignore[arg-type]


BOOK = [campaign(id=f"c{number:04}") for number in range(2000)]


def kept(fake: FakeTables) -> list[Campaign]:
    quiet = CampaignRepository(fake, "campaigns", "history")  # type: ignore[arg-type]
    return sorted(quiet.all(), key=lambda its: its.id)


@pytest.mark.parametrize("a_second", [0.5, 4, 100])
def test_everything_is_stored_once_and_few_calls_are_wasted(a_second: float) -> None:
    fake = Throttling(a_second)
    steps = list(repository(fake).put_each(BOOK))

    assert kept(fake) == BOOK
    assert [done for done, _ in steps] == list(range(40, 2001, 40)), "progress goes on to the end"
    assert sorted(name for _, changed in steps for name in changed) == [its.id for its in BOOK]
    assert {item["version"]["N"] for item in fake.tables["campaigns"].values()} == {"1"}
    assert fake.transactions == 50
    assert fake.refused <= 2 * fake.transactions
    assert fake.clock <= 4 * 50 / a_second + 20


def test_what_ends_early_is_gone_on_with() -> None:
    fake = Throttling(4)
    first = repository(fake).put_each(BOOK)
    for _ in range(10):
        next(first)
    fake.a_second = 0
    with pytest.raises(Contended, match="c0400, c0401, c0402…: not written after 10 attempts"):
        list(first)
    assert len(kept(fake)) == 400

    fake.a_second = 4
    changed = [name for _, its in repository(fake).put_each(BOOK) for name in its]

    assert kept(fake) == BOOK
    assert changed == [its.id for its in BOOK[400:]]


def test_what_does_not_pass_is_raised_at_once() -> None:
    fake = Throttling(100)

    def refuse() -> None:
        raise ClientError("AccessDeniedException")

    fake.before_write = refuse
    with pytest.raises(ClientError, match="AccessDenied"):
        repository(fake).put_many(BOOK)
    assert fake.clock < 1


def test_a_store_that_leaves_all_unread_for_long_is_given_up() -> None:
    fake = Throttling(100)
    kept_unread = lambda RequestItems: {"Responses": {}, "UnprocessedKeys": RequestItems}  # noqa: E731, N803
    fake.batch_get_item = kept_unread  # type: ignore[method-assign]

    with pytest.raises(Contended, match="not read after 10 attempts"):
        repository(fake).get("c0001")
