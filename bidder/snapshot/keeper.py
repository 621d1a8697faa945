"""Keeps a process's snapshot fresh, behind the requests that use it."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from bidder import log
from bidder.metrics import emf
from bidder.snapshot.ages import Ages
from bidder.snapshot.snapshot import Snapshot

REPORT_INTERVAL = timedelta(minutes=1)
"""How often a process says that its snapshot is old."""

PATIENCE = timedelta(milliseconds=200)
"""How long a request waits for a look after a pause in traffic; on a laptop it takes 10 to 16 ms, waiting and all."""

Load = Callable[[Snapshot | None], Snapshot | None]


class Keeper:
    """Hands out the snapshot of the moment. Safe to call from many threads.

    A request waits only where there is nothing to answer from: before the first snapshot, and where the one held has
    passed the hard age, as after a long freeze of a Lambda environment. Else it takes what is held, and at most every
    `check` starts a look at the store on a thread of its own. Where nobody looked for longer than that, for want of
    requests, it gives the look `PATIENCE`: who pauses a campaign and tries once shall see it paused. A failed look
    leaves what is held in place.
    """

    def __init__(self, load: Load, ages: Callable[[], Ages]) -> None:
        """`ages` are asked for at every call: they may change."""
        self._load = load
        self._ages = ages
        self._reported: datetime | None = None
        self._held: Snapshot | None = None
        self._looked: datetime | None = None
        self._looking = threading.Lock()

    def current(self, now: datetime) -> Snapshot | None:
        """The snapshot to decide from, or None where there is none young enough to spend money by."""
        if self._usable(now) is None:
            with self._looking:
                if self._usable(now) is None and self._due(now):
                    self._look(now)
        elif self._due(now) and self._looking.acquire(blocking=False):
            idle = self._due(now, after=1.5)
            self._looked = now
            look = threading.Thread(target=self._look_and_release, args=(now,), daemon=True, name="snapshot")
            look.start()
            if idle:
                look.join(PATIENCE.total_seconds())
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
        reason = "none" if held is None else "too-old" if held.age(now) > self._ages().hard else "old"
        age = "" if held is None else f"{held.age(now).total_seconds():.0f}"
        log.warning("snapshot.old", **emf(now, "SnapshotOld", reason, age_seconds=age))

    def _usable(self, now: datetime) -> Snapshot | None:
        held = self._held
        return held if held is not None and held.age(now) <= self._ages().hard else None

    def _due(self, now: datetime, after: float = 1) -> bool:
        return self._looked is None or abs(now - self._looked) >= after * self._ages().check

    def _look_and_release(self, now: datetime) -> None:
        try:
            self._look(now)
        finally:
            self._looking.release()

    def _look(self, now: datetime) -> None:
        self._looked = now
        try:
            found = self._load(self._held)
        except Exception as error:  # whatever is wrong with the store, stale beats down
            log.warning("snapshot.refused", reason=f"{type(error).__name__}: {error}")
            return
        if found is not None and found is not self._held:
            self._held = found
            log.event("snapshot.loaded", version=found.version, campaigns=len(found.index))
