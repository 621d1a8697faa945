"""The obstacles for which a campaign misses impressions in its targeting: groups of rules, and advice for each.

Processes count the missed impressions by campaign and obstacle each minute, and the refresh keeps recent counts.
`LENGTH`, `FLOOR` and `OUTBID` are counted on a sample of requests, since the index removes such campaigns before any
rule is checked. The other obstacles are counted when a rule rejects a campaign that takes part in the auction.
"""

from collections.abc import Mapping

LENGTH, FLOOR, OUTBID = "creative length", "price below floor", "dearer campaigns of ours"
CAPS, TARGETING, BLOCKS, CREATIVE = "caps", "targeting of creatives", "blocks", "creative"
DEALS, ALLOWANCE, ONE_CALLER = "deals", "allowance", "one caller"

BEFORE_RULES = frozenset({LENGTH, FLOOR, OUTBID})
"""The obstacles that remove a campaign from a decision before any rule is checked."""

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
"""The obstacle by the name of a rule. Rules that reject all campaigns alike have no obstacle."""

ADVICE: Mapping[str, str] = {
    LENGTH: "add a creative of another length: players accept none of its lengths",
    FLOOR: "raise its price, or exclude the most expensive inventory: `bidder explain` shows the floor of a request",
    OUTBID: "raise its price, or leave it: other campaigns of yours win these impressions at higher prices",
    CAPS: "raise its frequency caps, or widen its targeting to reach more viewers",
    TARGETING: "widen the targeting of its creatives",
    BLOCKS: "publishers block its advertiser, app or categories: target other publishers",
    CREATIVE: "add renditions or protocols: `bidder explain` shows which rule rejects all its creatives",
    DEALS: "buy the deals of these impressions, or raise their budgets",
    ALLOWANCE: "raise its budget, or that of its advertiser: the remaining budget allows no more bids",
    ONE_CALLER: "raise the parameters `most-to-one-*`: single callers request more than their share",
}
