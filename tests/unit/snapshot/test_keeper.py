"""The keeper with a controlled clock and a store that fails or hangs on demand."""

import json
import logging
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from bidder.snapshot.ages import Ages
from bidder.snapshot.container import BadSnapshot
from bidder.snapshot.keeper import Keeper
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot

INTERVAL = timedelta(seconds=5)
HARD_AGE = timedelta(minutes=10)
AGES = Ages(INTERVAL, HARD_AGE, HARD_AGE)
FIRST = compile_snapshot([campaign()], now=NOW)
SECOND = compile_snapshot([campaign(cpm=6)], now=NOW + timedelta(seconds=60))


class Store:
    """Returns or raises `current`. Loads wait until `gate` is set, and `loads` counts them."""

    def __init__(self, current: Snapshot | Exception | None) -> None:
        self.current = current
        self.gate = threading.Event()
        self.gate.set()
        self.loads = 0

    def load(self, last_snapshot: Snapshot | None) -> Snapshot | None:
        self.loads += 1
        assert self.gate.wait(10)
        if isinstance(self.current, Exception):
            raise self.current
        return self.current or last_snapshot


def keeper_of(store: Store) -> Keeper:
    return Keeper(store.load, lambda: AGES)


def settle() -> None:
    for thread in threading.enumerate():
        if thread.name == "snapshot":
            thread.join(10)
            assert not thread.is_alive()


def test_the_first_request_waits_for_the_first_snapshot() -> None:
    assert keeper_of(Store(FIRST)).current(NOW) is FIRST


def test_a_due_snapshot_is_loaded_in_the_background_of_a_request() -> None:
    store = Store(FIRST)
    keeper = keeper_of(store)
    keeper.current(NOW)
    store.current = SECOND
    store.gate.clear()

    assert keeper.current(NOW + INTERVAL) is FIRST  # answered while the store still hangs
    store.gate.set()
    settle()

    assert keeper.current(NOW + INTERVAL) is SECOND


def test_the_first_request_after_a_pause_gets_the_newer_snapshot() -> None:
    store = Store(FIRST)
    keeper = keeper_of(store)
    keeper.current(NOW)
    store.current = SECOND

    assert keeper.current(NOW + 2 * INTERVAL) is SECOND


def opened_later(store: Store, seconds: float) -> None:
    store.gate.clear()
    threading.Timer(seconds, store.gate.set).start()


def test_the_first_request_after_a_pause_waits_for_a_short_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bidder.snapshot.keeper.PATIENCE_AFTER_PAUSE", 10)
    store = Store(FIRST)
    keeper = keeper_of(store)
    keeper.current(NOW)
    store.current = SECOND
    opened_later(store, 0.2)

    assert keeper.current(NOW + 1.5 * INTERVAL, patience=lambda: 10) is SECOND


@pytest.mark.slow
def test_in_steady_traffic_no_request_waits_for_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bidder.snapshot.keeper.PATIENCE_AFTER_PAUSE", 10)
    store = Store(FIRST)
    keeper = keeper_of(store)
    keeper.current(NOW)
    store.current = SECOND
    opened_later(store, 1)

    assert keeper.current(NOW + 1.49 * INTERVAL, patience=lambda: 10) is FIRST
    settle()


def test_a_request_waits_for_a_check_if_the_snapshot_is_beyond_the_hard_age() -> None:
    ages = [AGES]
    store = Store(FIRST)
    keeper = Keeper(store.load, lambda: ages[0])
    keeper.current(NOW)
    ages[0] = AGES._replace(hard=INTERVAL)
    store.current = compile_snapshot([campaign()], now=NOW + 1.2 * INTERVAL)
    opened_later(store, 0.2)

    assert keeper.current(NOW + 1.2 * INTERVAL, patience=lambda: 10) is store.current


def test_after_a_pause_a_hanging_store_delays_a_request_by_a_short_limit() -> None:
    store = Store(FIRST)
    keeper = keeper_of(store)
    keeper.current(NOW)
    store.current = SECOND
    store.gate.clear()

    assert keeper.current(NOW + 2 * INTERVAL) is FIRST
    assert not store.gate.is_set(), "it was answered while the look still stalls"
    assert keeper.current(NOW + 2 * INTERVAL) is FIRST
    assert store.loads == 2
    store.gate.set()
    settle()
    assert store.loads == 2


def test_the_store_is_checked_at_most_once_per_interval() -> None:
    store = Store(FIRST)
    keeper = keeper_of(store)
    for tenth in range(50):
        keeper.current(NOW + tenth * INTERVAL / 50)
    settle()

    assert store.loads == 1


def test_an_invalid_snapshot_never_replaces_a_valid_one() -> None:
    store = Store(FIRST)
    keeper = keeper_of(store)
    keeper.current(NOW)
    for number, trouble in enumerate((BadSnapshot("cut short"), OSError("no network"), None), 1):
        store.current = trouble
        keeper.current(NOW + number * INTERVAL)
        settle()

        assert store.loads == number + 1
        assert keeper.current(NOW + number * INTERVAL) is FIRST


def test_the_first_load_is_awaited_up_to_the_callers_patience_and_serves_the_next_request() -> None:
    store = Store(FIRST)
    keeper = keeper_of(store)
    store.gate.clear()

    assert keeper.current(NOW, patience=lambda: 0.01) is None
    assert keeper.current(NOW + INTERVAL, patience=lambda: 0.01) is None, (
        "the first load still runs: no second one begins"
    )
    assert store.loads == 1
    store.gate.set()

    assert keeper.current(NOW + INTERVAL, patience=lambda: 10) is FIRST
    assert store.loads == 1


def test_a_caller_during_a_load_gets_the_loaded_snapshot() -> None:
    store = Store(FIRST)
    keeper = keeper_of(store)
    store.gate.clear()
    assert keeper.current(NOW, patience=lambda: 0) is None
    threading.Timer(0.05, store.gate.set).start()

    assert keeper.current(NOW, patience=lambda: 10) is FIRST


def test_a_caller_waits_for_a_slow_first_load() -> None:
    store = Store(FIRST)
    keeper = keeper_of(store)
    store.gate.clear()
    threading.Timer(0.3, store.gate.set).start()

    assert keeper.current(NOW, patience=lambda: 10) is FIRST, "longer than a look after a pause in the traffic"


def test_a_check_whose_thread_cannot_start_is_repeated() -> None:
    attempts = iter([RuntimeError("can't start new thread"), None])

    def start(work: Callable[[], None]) -> None:
        if failure := next(attempts):
            raise failure
        work()

    keeper = Keeper(Store(FIRST).load, lambda: AGES, start)
    with pytest.raises(RuntimeError):
        keeper.current(NOW)

    assert keeper.current(NOW + INTERVAL) is FIRST


def test_beyond_the_hard_age_there_is_no_snapshot_until_a_newer_one_is_loaded() -> None:
    store = Store(FIRST)
    keeper = keeper_of(store)
    keeper.current(NOW)
    store.current = OSError("no network")
    delay = NOW + HARD_AGE + timedelta(seconds=1)

    assert keeper.current(delay) is None
    assert keeper.last_loaded is FIRST

    store.current = compile_snapshot([campaign()], now=delay)
    assert keeper.current(delay + INTERVAL) is store.current


def test_after_a_long_freeze_the_request_waits_for_a_fresh_snapshot() -> None:
    store = Store(FIRST)
    keeper = keeper_of(store)
    keeper.current(NOW)
    thawed = NOW + timedelta(hours=2)
    store.current = compile_snapshot([campaign()], now=thawed)

    assert keeper.current(thawed) is store.current


def test_with_a_failing_store_requests_do_not_wait_one_after_the_other() -> None:
    store = Store(OSError("no network"))
    keeper = keeper_of(store)

    assert [keeper.current(NOW) for _ in range(5)] == [None] * 5
    assert store.loads == 1


def test_an_old_snapshot_is_reported_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    keeper = Keeper(Store(FIRST).load, lambda: AGES._replace(warn=timedelta(minutes=3)))
    reasons: list[tuple[int, str]] = []
    with caplog.at_level(logging.WARNING, logger="bidder"):
        for minute in range(13):
            for second in (0, 20, 40):
                caplog.clear()
                keeper.current(NOW + timedelta(minutes=minute, seconds=second))
                settle()
                reasons += [
                    (minute, json.loads(r.message)["Reason"]) for r in caplog.records if "SnapshotOld" in r.message
                ]

    assert [reason for _, reason in reasons] == ["old"] * 7 + ["too-old"] * 3
    assert len({minute for minute, _ in reasons}) == 10


def test_a_first_load_that_hangs_is_a_fault_after_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "bidder")
    store = Store(FIRST)
    store.gate.clear()
    keeper = keeper_of(store)
    for second in (0, 1, 59, 60, 61):
        assert keeper.current(NOW + timedelta(seconds=second), patience=lambda: 0) is None
    store.gate.set()
    lines = [json.loads(record.getMessage()) for record in caplog.records]
    assert [line["Reason"] for line in lines if "SnapshotOld" in line] == ["loading", "none"]


def test_a_store_that_fails_at_once_is_a_fault_at_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "bidder")
    keeper_of(Store(BadSnapshot("denied"))).current(NOW)
    # A record appears twice if an earlier test in the same worker made the logger propagate.
    records = dict.fromkeys(caplog.records)
    lines = [json.loads(record.getMessage()) for record in records]
    assert [line["Reason"] for line in lines if "SnapshotOld" in line] == ["none"]


class Check:
    """A check without a result. `waits` are the seconds that callers wait for it."""

    is_running = False

    def __init__(self) -> None:
        self.waits: list[float] = []

    def begin(self) -> "Check":
        return self

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.mark.parametrize(("patience", "after_pause", "without"), [(10, 0.2, 10), (0.05, 0.05, 0.05), (-1, 0, 0)])
def test_a_caller_waits_up_to_its_patience_and_after_a_pause_up_to_the_limit_of_a_check(
    patience: float, after_pause: float, without: float
) -> None:
    keeper, empty, look = keeper_of(Store(FIRST)), keeper_of(Store(None)), Check()
    keeper.current(NOW)
    keeper._check = empty._check = look  # type: ignore[assignment]

    keeper.current(NOW + 1.49 * INTERVAL, lambda: patience)
    assert look.waits == [], "in steady traffic nobody waits"
    keeper.current(NOW + 4 * INTERVAL, lambda: patience)
    assert look.waits == [after_pause]
    empty.current(NOW, lambda: patience)
    assert look.waits == [after_pause, without]
    keeper.current(NOW + 2 * HARD_AGE, lambda: patience)
    assert look.waits == [after_pause, without, without]
