"""The rules of general invalid traffic (GIVT). An event that breaks a rule is counted as invalid and bills nothing.

The MRC's Invalid Traffic guidelines call invalid traffic general if routine checks detect it. There are no rules for
sophisticated invalid traffic (SIVT).
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from bidder.events.claims import CLOCK_SKEW
from bidder.events.crawlers import is_crawler
from bidder.events.event import Event
from bidder.events.kinds import BILLABLE, OF_EXCHANGES, Kind
from bidder.events.token import LIFETIME

MOST_A_MINUTE = 20
"""The most valid impressions of one viewer in a minute: a break of short ads on several screens of one account."""

MOST_ADDRESSES = 5
"""The most addresses that validly report one bid: a phone changes networks, but a replayed token has more addresses."""


class IvtRule(StrEnum):
    """The rules that mark an event as invalid traffic."""

    CRAWLER = "crawler"
    BEFORE_BID = "before-bid"
    TOO_LATE = "too-late"
    TOO_MANY = "too-many"
    REPLAYED = "replayed"


class Counts(NamedTuple):
    """The counts that the rules compare, this event included. 0 is unknown.

    `of_user` are the impressions of the event's user in the event's minute, `addresses` the number of addresses from
    which players reported the event's bid.
    """

    of_user: int = 0
    addresses: int = 0


def rule_broken_by_sender(kind: Kind, user_agent: str | None, viewers: Sequence[str] = ()) -> IvtRule | None:
    """The rule that the sender of a notice breaks, or None. A notice of an exchange may come from a program.

    `viewers` are texts of user agents that are never crawlers' (`bidder.events.crawlers.is_crawler`).
    """
    return IvtRule.CRAWLER if kind not in OF_EXCHANGES and is_crawler(user_agent, viewers) else None


def broken_rule(event: Event, counts: Counts) -> str | None:
    """The first rule that the event breaks, or None for a valid event. A marked event keeps its rule."""
    if event.invalid is not None:
        return event.invalid
    if event.at < event.bid_at - CLOCK_SKEW:
        return IvtRule.BEFORE_BID
    if event.kind in BILLABLE and event.at > (event.expires or event.bid_at + LIFETIME):
        return IvtRule.TOO_LATE
    if event.kind is Kind.IMPRESSION and counts.of_user > MOST_A_MINUTE:
        return IvtRule.TOO_MANY
    if event.kind not in OF_EXCHANGES and counts.addresses > MOST_ADDRESSES:
        return IvtRule.REPLAYED
    return None
