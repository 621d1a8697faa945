"""The rules of general invalid traffic (GIVT). An event that breaks a rule is counted as invalid and bills nothing.

The MRC's Invalid Traffic guidelines call invalid traffic general if routine checks detect it. There are no rules for
sophisticated invalid traffic (SIVT).
"""

from collections.abc import Sequence
from datetime import UTC
from enum import StrEnum
from typing import NamedTuple

from bidder.events.claims import CLOCK_SKEW
from bidder.events.crawlers import is_crawler
from bidder.events.event import Event
from bidder.events.kinds import BILLABLE, OF_EXCHANGES, Kind
from bidder.events.token import LIFETIME

MAX_PER_MINUTE = 20
"""The most valid impressions of one viewer in a minute: a break of short ads on several screens of one account."""

MAX_ADDRESSES = 5
"""The most addresses that validly report one bid: a phone changes networks, but a replayed token has more addresses."""


class IvtRule(StrEnum):
    """The rules that mark an event as invalid traffic."""

    CRAWLER = "crawler"
    BEFORE_BID = "before-bid"
    TOO_LATE = "too-late"
    TOO_MANY = "too-many"
    REPLAYED = "replayed"


class SaleHistory(NamedTuple):
    """The comparison of an event with earlier events. The defaults are those of an event without a user or an address.

    `is_within_minute` is whether the event's impression is among the first `MAX_PER_MINUTE` of its user in its minute.
    `is_known_address` is whether the event's address is among the first `MAX_ADDRESSES` that reported its bid.
    """

    is_within_minute: bool = True
    is_known_address: bool = True


def viewer_minute(event: Event) -> str:
    """The minute, in UTC, in which an event counts against `MAX_PER_MINUTE`."""
    return f"{event.at.astimezone(UTC):%Y-%m-%dT%H:%M}"


def rule_broken_by_sender(kind: Kind, user_agent: str | None, viewers: Sequence[str] = ()) -> IvtRule | None:
    """The rule that the sender of a notice breaks, or None. A notice of an exchange may come from a program.

    `viewers` are texts of user agents that are never crawlers' (`bidder.events.crawlers.is_crawler`).
    """
    return IvtRule.CRAWLER if kind not in OF_EXCHANGES and is_crawler(user_agent, viewers) else None


def broken_rule(event: Event, history: SaleHistory) -> str | None:
    """The first rule that the event breaks, or None for a valid event. A marked event keeps its rule."""
    if event.invalid is not None:
        return event.invalid
    if event.at < event.bid_at - CLOCK_SKEW:
        return IvtRule.BEFORE_BID
    if event.kind in BILLABLE and event.at > (event.expires or event.bid_at + LIFETIME):
        return IvtRule.TOO_LATE
    if event.kind is Kind.IMPRESSION and not history.is_within_minute:
        return IvtRule.TOO_MANY
    if event.kind not in OF_EXCHANGES and not history.is_known_address:
        return IvtRule.REPLAYED
    return None
