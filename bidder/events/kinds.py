"""The kinds of events: win notice, billing notice, loss notice, impression, VAST tracking, and counts of the bidder."""

from enum import StrEnum
from typing import Literal


class Kind(StrEnum):
    """Win, billing and loss notices (`nurl`, `burl`, `lurl`: OpenRTB 2.6 section 4.3.1), and VAST 4.2 tracking events.

    The VAST events are of sections 3.14.1 and 3.4. `bids` and `traffic` are not notices: the bidder publishes its
    counts of bids (`bidder.service.bid_counts`) and of traffic (`bidder.service.traffic_counts`).

    New kinds go to the end: the position of a kind is the position of its signature (`bidder.events.token`).
    """

    WIN = "win"
    BILL = "bill"
    LOSS = "loss"
    IMPRESSION = "impression"
    VIEWABLE = "viewable"
    CREATIVE_VIEW = "creativeView"
    START = "start"
    FIRST_QUARTILE = "firstQuartile"
    MIDPOINT = "midpoint"
    THIRD_QUARTILE = "thirdQuartile"
    COMPLETE = "complete"
    SKIP = "skip"
    MUTE = "mute"
    PAUSE = "pause"
    CLICK = "click"
    ERROR = "error"
    BIDS = "bids"
    RESUME = "resume"
    UNMUTE = "unmute"
    FULLSCREEN = "fullscreen"
    PROGRESS = "progress"
    CLOSE_LINEAR = "closeLinear"
    ACCEPT_INVITATION = "acceptInvitation"
    TRAFFIC = "traffic"


NOTICES: tuple[Kind, ...] = tuple(kind for kind in Kind if kind not in {Kind.BIDS, Kind.TRAFFIC})
"""The kinds with event URLs."""

BILLABLE = frozenset({Kind.IMPRESSION, Kind.BILL})
"""The kinds that can make a bid's price due. The agreement with the exchange selects one: for video the VAST impression
(OpenRTB 2.6 section 7.9), unless the exchange counts by `burl`."""

BilledBy = Literal[Kind.IMPRESSION, Kind.BILL]
"""The type of `billed_by`: a kind of `BILLABLE`."""

OF_EXCHANGES = frozenset({Kind.WIN, Kind.BILL, Kind.LOSS})
"""The notices that an exchange calls from server to server. A player calls all other kinds."""

TRACKED_LINEAR = (
    Kind.CREATIVE_VIEW,
    Kind.START,
    Kind.FIRST_QUARTILE,
    Kind.MIDPOINT,
    Kind.THIRD_QUARTILE,
    Kind.COMPLETE,
    Kind.MUTE,
    Kind.PAUSE,
    Kind.SKIP,
    Kind.RESUME,
    Kind.UNMUTE,
    Kind.FULLSCREEN,
    Kind.PROGRESS,
    Kind.CLOSE_LINEAR,
    Kind.ACCEPT_INVITATION,
)
"""The kinds in `<TrackingEvents>`. `bidder.vast.linear` has their names in each VAST version."""


def notice_kind(name: str) -> Kind:
    """The kind of an event URL. Raises ValueError."""
    kind = Kind(name)
    if kind not in NOTICES:
        msg = f"{name} is not a notice"
        raise ValueError(msg)
    return kind
