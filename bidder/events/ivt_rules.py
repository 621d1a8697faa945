"""Invalid traffic, the cheap part: rules that mark an event, so that it is counted apart and bills nothing.

They follow the first step of the MRC's Invalid Traffic guidelines, "general" invalid traffic: what a routine can find.
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
"""Impressions that one viewer can be shown in a minute: a break of short ads on several screens of one account."""

MOST_ADDRESSES = 5
"""Addresses that one bid can be reported from: a phone changes networks, a token that was handed around more often."""


class IvtRule(StrEnum):
    """What marks an event."""

    CRAWLER = "crawler"
    BEFORE_BID = "before-bid"
    TOO_LATE = "too-late"
    TOO_MANY = "too-many"
    REPLAYED = "replayed"


class Counts(NamedTuple):
    """What else was seen, this event included; 0 where it is not known.

    `of_user`: impressions of its user in its minute. `addresses`: names of addresses that players reported its
    bid from.
    """

    of_user: int = 0
    addresses: int = 0


def rule_broken_by_sender(kind: Kind, user_agent: str | None, viewers: Sequence[str] = ()) -> IvtRule | None:
    """The rule that a notice breaks by its sender alone, or None. An exchange may call from a program.

    `viewers` are texts of user agents that are no crawlers' (`bidder.events.crawlers.is_crawler`).
    """
    return IvtRule.CRAWLER if kind not in OF_EXCHANGES and is_crawler(user_agent, viewers) else None


def broken_rule(event: Event, counts: Counts) -> str | None:
    """The first rule that the event breaks, None for a valid one. What it is marked with already stays."""
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
