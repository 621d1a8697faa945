"""The counted outcomes of a creative's impressions, from which rates are predicted."""

from typing import NamedTuple


class OutcomeCounts(NamedTuple):
    """Events of one creative of one campaign, each counted once a bid, test traffic left out; old ones count for less.

    `views` are bids whose first quartile was played, `completes` those played to the end, `clicks` those clicked.
    Events come late, in any order, or never, so at a given moment any of these may be more than `impressions`.
    """

    impressions: int = 0
    views: int = 0
    completes: int = 0
    clicks: int = 0
