"""What keeps a campaign from bidding on impressions that it could buy: groups of rules, and advice for each. Pure.

Bidders count the impressions by campaign and obstacle each minute, and the refresh remembers recent ones. `LENGTH`,
`FLOOR` and `OUTBID` are counted on a sample of requests, since the index leaves such campaigns out before any rule is
checked; the others are counted by the rules that refused a campaign which took part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

LENGTH, FLOOR, OUTBID = "creative length", "price below floor", "dearer campaigns of ours"
CAPS, TARGETING, BLOCKS, CREATIVE = "caps", "targeting of creatives", "blocks", "creative"
DEALS, ALLOWANCE, ONE_CALLER = "deals", "allowance", "one caller"

BEFORE_RULES = frozenset({LENGTH, FLOOR, OUTBID})
"""The obstacles that leave a campaign out of a decision before any rule is checked."""

_OBSTACLES = {
    FLOOR: ("floor", "floor_currency", "worth"),
    LENGTH: ("duration",),
    CAPS: ("frequency",),
    TARGETING: ("creative_targeting",),
    BLOCKS: ("advertiser", "app", "category"),
    CREATIVE: ("protocol", "attribute", "api", "language", "secure", "mime", "bitrate"),
    DEALS: ("deal", "deal_budget"),
    ALLOWANCE: ("allowance",),
    ONE_CALLER: ("one_caller",),
}
OBSTACLE_OF_RULE: Mapping[str, str] = {rule: obstacle for obstacle, rules in _OBSTACLES.items() for rule in rules}
"""The obstacle by the name of a rule. Rules that refuse all campaigns alike have none."""

ADVICE: Mapping[str, str] = {
    LENGTH: "add a creative of another length: players take none of those that it has",
    FLOOR: "raise its price, or leave out the dearest inventory: `bidder explain` says the floor of a request",
    OUTBID: "raise its price, or leave it: campaigns of ours win these impressions at higher prices",
    CAPS: "raise its frequency caps, or widen its targeting to reach more viewers",
    TARGETING: "widen the targeting of its creatives",
    BLOCKS: "publishers block its advertiser, app or categories: target others",
    CREATIVE: "add renditions or protocols: `bidder explain` says which rule no creative passes",
    DEALS: "buy the deals of these impressions, or raise their budgets",
    ALLOWANCE: "raise its budget, or that of its advertiser: no more bids fit into what is left",
    ONE_CALLER: "raise `most-to-one-viewer` and the like: single callers ask for more than their share",
}
_MINUTES_KEPT = 120.0
"""Minutes after which older ones count for less."""
_LONGEST_GAP = 60.0


@dataclass(slots=True)
class Obstacles:
    """The impressions of recent minutes by obstacle; old ones count for less. `until` is the end of the last minute."""

    counts: dict[str, float] = field(default_factory=dict)
    minutes: float = 0.0
    until: float = 0.0

    def add(self, counts: Mapping[str, int], minute: float) -> None:
        """Adds a minute by its start, in seconds since 1970. Minutes that nobody reported had no impressions."""
        gap = (minute - self.until) / 60 if self.until else 0.0
        self.minutes += 1 + min(_LONGEST_GAP, max(0.0, gap))
        self.until = minute + 60
        for obstacle, count in counts.items():
            self.counts[obstacle] = self.counts.get(obstacle, 0.0) + count
        if self.minutes > _MINUTES_KEPT:
            kept = _MINUTES_KEPT / self.minutes
            self.minutes = _MINUTES_KEPT
            self.counts = {obstacle: count * kept for obstacle, count in self.counts.items()}

    def per_minute(self, obstacle: str) -> float:
        """The impressions a minute that an obstacle keeps from the campaign."""
        return self.counts.get(obstacle, 0.0) / self.minutes if self.minutes else 0.0
