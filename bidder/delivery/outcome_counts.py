"""The counted outcomes of a creative's impressions, from which rates are predicted."""

from typing import NamedTuple


class OutcomeCounts(NamedTuple):
    """Events of a creative of a campaign, each counted once per bid, without test traffic. Older events count less.

    `views` are the bids whose first quartile was played, `completes` the bids played to the end, `clicks` the bids with
    a click. Events arrive late, in any order, or never, so each count can exceed `impressions` for some time.
    """

    impressions: int = 0
    views: int = 0
    completes: int = 0
    clicks: int = 0
