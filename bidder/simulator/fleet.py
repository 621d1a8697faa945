"""The simulated processes: the process of each request, the snapshot it holds, and its reports of traffic."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from bidder.delivery.estimates import COMPLETE, MINUTE, Report
from bidder.delivery.pacers import Traffic
from bidder.parameters import DEFAULTS
from bidder.simulator.environment import Environment
from bidder.simulator.scenario import Environments
from bidder.snapshot.snapshot import Snapshot

_REPORTED = 8 * MINUTE
"""The seconds for which the counts of a minute are reported again, since late counts may still arrive."""
_NO_MINUTE = -1


@dataclass(slots=True)
class Published:
    """A snapshot, and the moment of its publication in seconds since 1970."""

    at: float
    snapshot: Snapshot


class _Counts(NamedTuple):
    """The counts of a process in a minute, sent to the refresh."""

    minute: int
    opportunities: dict[str, int]
    bids: dict[str, int]
    requests: int


class Fleet:
    """The processes of a scenario that begins at `begin`, in seconds since 1970."""

    def __init__(self, environments: Environments, begin: float) -> None:
        self._terms = environments
        self._begin = begin
        self._environments = [Environment((n + 0.5) / environments.count) for n in range(environments.count)]
        self._minutes = [_NO_MINUTE] * environments.count
        self._under_way: list[tuple[float, int, _Counts]] = []
        self._numbers = count()
        self._arrived: dict[int, list[_Counts]] = {}

    def __len__(self) -> int:
        return len(self._environments)

    def process(self, number: int, at: float) -> Environment:
        """The process of this number, which reports its past minutes; a new process if its lifetime is over."""
        lifetime = self._terms.replaced_every_minutes * 60
        environment = self._environments[number]
        if lifetime and (at - self._begin) // lifetime != environment.life:
            environment = self._environments[number] = Environment(environment.phase)
            environment.life = int((at - self._begin) // lifetime)
            self._minutes[number] = _NO_MINUTE
        minute = int(at) // MINUTE * MINUTE
        if self._minutes[number] not in {_NO_MINUTE, minute}:
            self._flush(environment, self._minutes[number], at)
        self._minutes[number] = minute
        return environment

    def snapshot(self, environment: Environment, published: Sequence[Published], at: float) -> Snapshot | None:
        """The newest snapshot that a process has seen, or None if that snapshot is older than its hard age."""
        late = environment.phase * self._terms.check_seconds
        for each in reversed(published):
            if each.at + late <= at or each is published[0]:
                return None if at - each.at > DEFAULTS.snapshot_hard_age else each.snapshot
        return None

    def traffic(self, now: float) -> Traffic:
        """The reports of all processes about recent minutes, as the refresh reads them."""
        while self._under_way and self._under_way[0][0] <= now:
            counts = heapq.heappop(self._under_way)[2]
            self._arrived.setdefault(counts.minute, []).append(counts)
        for minute in [minute for minute in self._arrived if minute < now - _REPORTED]:
            del self._arrived[minute]
        reports: dict[str, dict[int, Report]] = {}
        loads: dict[int, float] = {}
        for minute, reported in self._arrived.items():
            for name in sorted({name for counts in reported for name in (*counts.opportunities, *counts.bids)}):
                opportunities = sum(counts.opportunities.get(name, 0) for counts in reported)
                bids = sum(counts.bids.get(name, 0) for counts in reported)
                reports.setdefault(name, {})[minute] = Report(opportunities, bids)
            if minute + MINUTE + COMPLETE <= now:
                loads[minute] = _processes([counts.requests for counts in reported])
        return Traffic(reports, loads[max(loads)] if loads else 1.0)

    def _flush(self, environment: Environment, minute: int, at: float) -> None:
        """Sends the counts of a past minute. A process does so with its next request."""
        counts = _Counts(minute, environment.opportunities.take().counts(), environment.bids, environment.requests)
        environment.bids, environment.requests = {}, 0
        arrival = at + self._terms.report_seconds
        heapq.heappush(self._under_way, (arrival, next(self._numbers), counts))


def _processes(requests: Sequence[int]) -> float:
    """The number of processes of equal load that corresponds to these loads."""
    squares = sum(number * number for number in requests)
    return float(round(sum(requests) ** 2 / squares)) if squares else 1.0
