"""Refreshes a process's snapshot in the background of the requests that use it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bidder import log
from bidder.log import emf
from bidder.repeated_failures import RepeatedFailures
from bidder.shared_run import SharedRun, Start
from bidder.snapshot.ages import Ages
from bidder.snapshot.snapshot import Snapshot

REPORT_INTERVAL = timedelta(minutes=1)
"""The least time between two reports of a process that its snapshot is old."""

PATIENCE = 1.0
"""Seconds that a request waits for a first or usable snapshot by default."""

PATIENCE_AFTER_PAUSE = 0.2
"""Seconds that a request waits for a check after a pause in traffic. A check takes 10 to 16 ms on a laptop."""

Load = Callable[[Snapshot | None], Snapshot | None]


class Keeper:
    """Returns the current snapshot. Safe to call from many threads.

    Each check of the store runs on its own thread, at most one at a time and at most one every `check`. A request waits
    for the check only if there is no usable snapshot: before the first, and beyond the hard age, as after a long
    freeze of a Lambda environment. The request waits for `patience` at most; the check continues and serves the next
    request. After a pause in traffic a request waits for `PATIENCE_AFTER_PAUSE`, so that an operator who pauses a
    campaign and tries once sees the campaign paused. A failed check keeps the present snapshot.
    """

    def __init__(
        self,
        load: Load,
        ages: Callable[[], Ages],
        start: Start | None = None,
    ) -> None:
        """`ages` is called at every use, since parameters may change."""
        self._load = load
        self._ages = ages
        self._reported_at: datetime | None = None
        self._started_at: datetime | None = None
        self._snapshot: Snapshot | None = None
        self._checked_at: datetime | None = None
        self._failures = RepeatedFailures()
        self._check = SharedRun(self._load_newest, "snapshot", start)

    def begin(self, now: datetime) -> None:
        """Starts a check if there is no usable snapshot, and returns at once."""
        ages = self._ages()
        if self._usable_snapshot(now, ages) is None and self._is_due(now, ages.check):
            self._checked_at = now
            self._check.begin()

    def current(self, now: datetime, patience: Callable[[], float] = lambda: PATIENCE) -> Snapshot | None:
        """The snapshot to decide from; None if there is no snapshot below the hard age.

        `patience` returns the most seconds that the caller waits for a check. It is called if there is a wait.
        """
        self._started_at = self._started_at or now
        ages = self._ages()
        snapshot = self._usable_snapshot(now, ages)
        if self._is_due(now, ages.check):
            is_idle = self._is_due(now, 1.5 * ages.check)
            self._checked_at = now
            check = self._check.begin()
            if snapshot is None or is_idle:
                max_seconds = patience()
                check.wait(max(0.0, max_seconds if snapshot is None else min(max_seconds, PATIENCE_AFTER_PAUSE)))
            snapshot = self._usable_snapshot(now, ages)
        elif snapshot is None:
            self._check.wait(patience())
            snapshot = self._usable_snapshot(now, ages)
        if snapshot is None or snapshot.age(now) > ages.warn:
            self._report(now)
        return snapshot

    @property
    def last_loaded(self) -> Snapshot | None:
        """The latest loaded snapshot of any age, or None."""
        return self._snapshot

    def _report(self, now: datetime) -> None:
        if self._reported_at is not None and abs(now - self._reported_at) < REPORT_INTERVAL:
            return
        self._reported_at = now
        snapshot = self._snapshot
        if snapshot is None:
            reason, seconds = self._missing_reason(now), ""
        else:
            age = snapshot.age(now)
            reason, seconds = "too-old" if age > self._ages().hard else "old", f"{age.total_seconds():.0f}"
        log.warning("snapshot.old", **emf(now, "SnapshotOld", reason, age_seconds=seconds))

    def _missing_reason(self, now: datetime) -> str:
        """The reason why there is no snapshot: `loading` in the first minute of a process, if it loads; else `none`."""
        is_new = self._started_at is not None and now - self._started_at < REPORT_INTERVAL
        return "loading" if is_new and self._check.is_running else "none"

    def _usable_snapshot(self, now: datetime, ages: Ages) -> Snapshot | None:
        snapshot = self._snapshot
        return snapshot if snapshot is not None and snapshot.age(now) <= ages.hard else None

    def _is_due(self, now: datetime, interval: timedelta) -> bool:
        return self._checked_at is None or abs(now - self._checked_at) >= interval

    def _load_newest(self) -> None:
        try:
            snapshot = self._load(self._snapshot)
        except Exception as error:  # on any failure of the store a stale snapshot is better than none
            if failures := self._failures.failed(type(error).__name__):
                log.warning("snapshot.refused", reason=f"{type(error).__name__}: {error}", failures=failures.in_row)
            return
        if ended_failures := self._failures.succeeded():
            log.event("snapshot.recovered", **ended_failures.fields)
        if snapshot is not None and snapshot is not self._snapshot:
            self._snapshot = snapshot
            log.event("snapshot.loaded", version=snapshot.version, campaigns=snapshot.delivery.campaign_count)
