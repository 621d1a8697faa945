"""Keeps a process's snapshot fresh, behind the requests that use it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bidder import log
from bidder.metrics import emf
from bidder.shared_run import SharedRun, Start
from bidder.snapshot.ages import Ages
from bidder.snapshot.snapshot import Snapshot

REPORT_INTERVAL = timedelta(minutes=1)
"""How often a process says that its snapshot is old."""

PATIENCE = 1.0
"""Seconds that a request waits for a snapshot where there is none to answer from, unless it says otherwise."""

PATIENCE_AFTER_PAUSE = 0.2
"""Seconds that a request waits for a look after a pause in traffic; on a laptop a look takes 10 to 16 ms."""

Load = Callable[[Snapshot | None], Snapshot | None]


class Keeper:
    """Hands out the snapshot of the moment. Safe to call from many threads.

    Every look at the store runs on a thread, at most one at a time and at most one every `check`. A request waits for
    it where there is nothing to answer from: before the first snapshot, and where the snapshot held has passed the hard
    age, as after a long freeze of a Lambda environment. It waits for as long as it says and no longer; the look goes on
    behind it and serves the next request. Else a request takes what is held. Where nobody looked for longer than
    `check`, for want of requests, it gives the look `PATIENCE_AFTER_PAUSE`: who pauses a campaign and tries once shall
    see it paused. A failed look leaves what is held in place.
    """

    def __init__(
        self,
        load: Load,
        ages: Callable[[], Ages],
        start: Start | None = None,
    ) -> None:
        """`ages` are asked for at every call: they may change."""
        self._load = load
        self._ages = ages
        self._reported: datetime | None = None
        self._began: datetime | None = None
        self._held: Snapshot | None = None
        self._looked: datetime | None = None
        self._look = SharedRun(self._load_newest, "snapshot", start)

    def begin(self, now: datetime) -> None:
        """Starts the look that a request without a snapshot would wait for, and returns at once."""
        if self._usable(now) is None and self._due(now):
            self._looked = now
            self._look.begin()

    def current(self, now: datetime, patience: float = PATIENCE) -> Snapshot | None:
        """The snapshot to decide from, or None where there is none young enough to spend money by.

        `patience` is how many seconds the caller waits for one.
        """
        self._began = self._began or now
        is_missing = self._usable(now) is None
        if self._due(now):
            is_idle = self._due(now, after=1.5)
            self._looked = now
            look = self._look.begin()
            if is_missing or is_idle:
                look.wait(max(0.0, patience if is_missing else min(patience, PATIENCE_AFTER_PAUSE)))
        elif is_missing:
            self._look.wait(patience)
        usable = self._usable(now)
        if usable is None or usable.age(now) > self._ages().warn:
            self._report(now)
        return usable

    @property
    def held(self) -> Snapshot | None:
        """The snapshot held, however old."""
        return self._held

    def _report(self, now: datetime) -> None:
        if self._reported is not None and abs(now - self._reported) < REPORT_INTERVAL:
            return
        self._reported = now
        held = self._held
        reason = self._why_missing(now) if held is None else "too-old" if held.age(now) > self._ages().hard else "old"
        age = "" if held is None else f"{held.age(now).total_seconds():.0f}"
        log.warning("snapshot.old", **emf(now, "SnapshotOld", reason, age_seconds=age))

    def _why_missing(self, now: datetime) -> str:
        """A cold start that outlasts its first request is not yet a fault; a minute later it is one."""
        is_new = self._began is not None and now - self._began < REPORT_INTERVAL
        return "loading" if is_new and self._look.is_running else "none"

    def _usable(self, now: datetime) -> Snapshot | None:
        held = self._held
        return held if held is not None and held.age(now) <= self._ages().hard else None

    def _due(self, now: datetime, after: float = 1) -> bool:
        return self._looked is None or abs(now - self._looked) >= after * self._ages().check

    def _load_newest(self) -> None:
        try:
            snapshot = self._load(self._held)
        except Exception as error:  # whatever is wrong with the store, stale beats down
            log.warning("snapshot.refused", reason=f"{type(error).__name__}: {error}")
            return
        if snapshot is not None and snapshot is not self._held:
            self._held = snapshot
            log.event("snapshot.loaded", version=snapshot.version, campaigns=len(snapshot.index))
