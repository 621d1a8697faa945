"""Reports of processes are added by minute, and read back by later refreshes."""

from datetime import UTC, datetime

from bidder.delivery.estimates import Report
from bidder.events.kinds import Kind
from bidder.events.traffic_log import TrafficLog
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event

MINUTE = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_counts_of_all_processes_are_added_by_minute() -> None:
    log = TrafficLog(FaultyDynamoDB("learning").client, "learning")
    many = {f"c{number}": (number, 1) for number in range(300)}
    first = event("a-t1", Kind.TRAFFIC, at=MINUTE, count=30, traffic=many)
    second = event("b-t1", Kind.TRAFFIC, at=MINUTE, count=10, traffic={"c7": (5, 2)})
    log.record([first, event(1)])
    log.record([second])

    traffic = log.read(MINUTE.timestamp() + 120)

    assert traffic.reports["c7"] == {int(MINUTE.timestamp()): Report(12, 3)}
    assert len(traffic.reports) == 300
    assert traffic.processes == 40**2 / (30**2 + 10**2)


def test_the_processes_of_an_incomplete_minute_are_not_counted() -> None:
    log = TrafficLog(FaultyDynamoDB("learning").client, "learning")
    log.record([event("a-t1", Kind.TRAFFIC, at=MINUTE, count=30, traffic={"c": (1, 1)})])

    assert log.read(MINUTE.timestamp() + 61).processes == 1
