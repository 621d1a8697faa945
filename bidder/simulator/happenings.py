"""The events of a scenario (outages, spikes, edits and others), by time."""

from collections.abc import Sequence

from bidder.simulator.scenario import ScenarioEvent


class Happenings:
    """The events of a scenario that begins at `begin`, in seconds since 1970."""

    def __init__(self, events: Sequence[ScenarioEvent], begin: float) -> None:
        self._by_kind: dict[str, list[tuple[float, float, ScenarioEvent]]] = {}
        for event in events:
            start = begin + event.at_hour * 3600
            end = float("inf") if event.minutes is None else start + event.minutes * 60
            self._by_kind.setdefault(event.kind, []).append((start, end, event))

    def of(self, kind: str, at: float) -> list[ScenarioEvent]:
        """The events of a kind that are under way at a moment, in the order of the scenario."""
        return [event for start, end, event in self._by_kind.get(kind, ()) if start <= at < end]

    def is_under_way(self, kind: str, at: float) -> bool:
        """Whether an event of a kind is under way at a moment."""
        return any(start <= at < end for start, end, _ in self._by_kind.get(kind, ()))

    def factor(self, kind: str, at: float) -> float:
        """The product of the factors of the events of a kind that are under way; 1 without any."""
        factor = 1.0
        for event in self.of(kind, at):
            factor *= event.factor
        return factor

    def edits(self, start: float, end: float) -> list[ScenarioEvent]:
        """The edits from `start` on and before `end`, in the order of time."""
        edits = [(at, event) for at, _, event in self._by_kind.get("edit", ()) if start <= at < end]
        return [event for _, event in sorted(edits, key=lambda edit: edit[0])]
