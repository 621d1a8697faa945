"""The missed impressions of a campaign by obstacle (`bidder.delivery.obstacles`), which the refresh keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field

_MINUTES_KEPT = 120.0
"""The minutes after which older minutes count less."""
_LONGEST_GAP = 60.0


@dataclass(slots=True)
class Obstacles:
    """The missed impressions of recent minutes by obstacle; older ones count less.

    `until` is the end of the last minute.
    """

    counts: dict[str, float] = field(default_factory=dict)
    minutes: float = 0.0
    until: float = 0.0

    def add(self, counts: Mapping[str, int], minute: float) -> None:
        """Adds a minute by its start, in seconds since 1970. Minutes without a report had no impressions."""
        gap = (minute - self.until) / 60 if self.until else 0.0
        self.minutes += 1 + min(_LONGEST_GAP, max(0.0, gap))
        self.until = minute + 60
        for obstacle, count in counts.items():
            self.counts[obstacle] = self.counts.get(obstacle, 0.0) + count
        remaining_share = _MINUTES_KEPT / max(_MINUTES_KEPT, self.minutes)
        self.minutes *= remaining_share
        self.counts = {obstacle: count * remaining_share for obstacle, count in self.counts.items()}

    def per_minute(self, obstacle: str) -> float:
        """The impressions a minute that the campaign misses because of an obstacle."""
        return self.counts.get(obstacle, 0.0) / self.minutes if self.minutes else 0.0
