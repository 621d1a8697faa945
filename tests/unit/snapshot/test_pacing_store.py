"""The pacing memory is read back as written, and an unreadable memory starts empty."""

import gzip
import json
from dataclasses import asdict, fields

import pytest

from bidder.delivery.estimates import Flow, Minute, Ratio
from bidder.delivery.learned_traffic import LearnedTraffic
from bidder.delivery.obstacle_counts import Obstacles
from bidder.delivery.overspend import LimitState
from bidder.delivery.pacers import Account
from bidder.delivery.pacing import Memory
from bidder.delivery.plan import Anchor
from bidder.delivery.quality import CLASSES
from bidder.snapshot.pacing_store import PacingStore
from tests.support.fake_s3 import FakeS3

MEMORY = "pacing/memory"
FLOW = Flow(
    [Minute(60, 0.5, 10, 5, 2.5, 5.0, 1.5)], Ratio(3_000.0, 1.0), Ratio(7.0, 10.0), Ratio(5.0, 10.0), counted_until=60
)
HELD = Memory(
    at=120.0,
    micros=9,
    impressions=3,
    participation=0.5,
    flow=FLOW,
    level=2.5,
    counted=60,
    lost_micros=1.5,
    lost_impressions=0.5,
    cost=3_000,
    is_held=False,
    classes=[1.0, *[0.0] * (CLASSES - 1)],
    classes_until=120.0,
    obstacles=Obstacles({"floor": 2.0}, 1.0, 120.0),
    anchors={"daily": Anchor(100, 60.0, 5.0, 3_600.0)},
    starts={"daily": (60.0, 1.0)},
)
ACCOUNT = Account(
    memories={"c": HELD},
    delays=[1.0] * 60,
    delays_seen={"c": {0: 3, 7: 1}},
    requests=7.5,
    members={"shop.example": {"c": "UTC"}},
    in_flight=12.5,
    limits={"c": {"daily": LimitState(100, "Asia/Tokyo", 60.0, 90, 120)}},
)


def store(s3: FakeS3) -> PacingStore:
    return PacingStore(s3, "bucket")  # type: ignore[arg-type]


def test_another_process_reads_the_written_memory() -> None:
    s3 = FakeS3()
    learned = LearnedTraffic()
    store(s3).write(ACCOUNT, learned)

    account, traffic = store(s3).read()

    assert account == ACCOUNT
    assert traffic == learned
    untold = [field.name for field in fields(Memory) if getattr(HELD, field.name) == getattr(Memory(), field.name)]
    assert untold == [], "each field of a memory is written here with another value than its default"


def test_a_memory_without_separate_prices_is_still_read() -> None:
    s3 = FakeS3()
    document = asdict(ACCOUNT)
    del document["in_flight"], document["limits"], document["memories"]["c"]["cost"]
    flow = document["memories"]["c"]["flow"]
    del flow["micros_per_impression"]
    flow["micros_per_bid"] = {"above": 21_000.0, "below": 10.0}
    flow["minutes"] = [
        {name: minute[name] for name in ("start", "participation", "opportunities", "bids", "matured")}
        for minute in flow["minutes"]
    ]
    s3.put_object(Bucket="bucket", Key=MEMORY, Body=gzip.compress(json.dumps(document).encode()), ContentType="")

    account, _ = store(s3).read()

    read = account.memories["c"]
    assert read.flow.micros_per_impression == Ratio(21_000.0, 7.0)
    assert (read.cost, read.level, account.in_flight) == (0, 2.5, 0.0)


# Without a time, so that parallel workers collect the same ids.
@pytest.mark.parametrize("body", [b"", b"no gzip", gzip.compress(b"[]", mtime=0), gzip.compress(b"{}", mtime=0)])
def test_an_unreadable_memory_starts_empty(body: bytes) -> None:
    s3 = FakeS3()
    s3.put_object(Bucket="bucket", Key=MEMORY, Body=body, ContentType="")

    account, traffic = store(s3).read()

    assert (account, traffic) == (Account(), LearnedTraffic())


def test_concurrent_refreshes_keep_each_others_members() -> None:
    s3 = FakeS3()
    store, other = (PacingStore(s3, "bucket") for _ in range(2))  # type: ignore[arg-type]
    store.add_members({"shop.example": {"a": "UTC"}})
    others = iter([{"shop.example": {"b": "UTC"}}, {"car.example": {"c": "Asia/Tokyo"}}])

    def write_meanwhile(_: str) -> None:
        if (members := next(others, None)) is not None:
            other.add_members(members)

    s3.before_write = write_meanwhile
    known = store.add_members({"shop.example": {"d": "Europe/Berlin"}})

    everybody = {"shop.example": {"a": "UTC", "b": "UTC", "d": "Europe/Berlin"}, "car.example": {"c": "Asia/Tokyo"}}
    assert known == everybody
    assert other.members() == everybody


def test_known_members_are_not_written_again() -> None:
    s3 = FakeS3()
    store = PacingStore(s3, "bucket")  # type: ignore[arg-type]
    for _ in range(3):
        store.add_members({"shop.example": {"a": "UTC"}}, {})

    assert len(s3.writes) == 1
