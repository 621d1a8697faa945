"""The kinds of event that a bid can bring back."""

from enum import StrEnum
from typing import Literal


class Kind(StrEnum):
    """OpenRTB 2.6 section 4.3.1 (nurl, burl, lurl) and the VAST 4.2 tracking events, sections 3.14.1 and 3.4.

    `bids` and `traffic` are no notices: the bidder itself says how many bids it made (`bidder.service.bid_counts`) and
    what traffic it had (`bidder.service.traffic_counts`).

    New ones go to the end: a kind's place says where its signature is (`bidder.events.signatures`).
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
"""The kinds that have URLs."""

BILLABLE = frozenset({Kind.IMPRESSION, Kind.BILL})
"""One of these makes a bid's price due, and its exchange says which: for video the VAST impression (OpenRTB 2.6 section
7.9), unless it counts by `burl`."""

BilledBy = Literal[Kind.IMPRESSION, Kind.BILL]
"""The same, as what a bid is billed by."""

OF_EXCHANGES = frozenset({Kind.WIN, Kind.BILL, Kind.LOSS})
"""What an exchange calls from server to server; the rest a player calls."""

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
"""The kinds that stand in `<TrackingEvents>`. `bidder.vast.linear` has their names in each version."""


def notice_kind(name: str) -> Kind:
    """The kind of an event URL. Raises ValueError."""
    kind = Kind(name)
    if kind not in NOTICES:
        msg = f"{name} is no notice"
        raise ValueError(msg)
    return kind
