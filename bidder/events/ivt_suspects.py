"""Which bids of an archive the ledger may have found invalid: pure, events in, bids out.

It judges in the order in which it sees events, which an archive doesn't tell. So what is here says where to ask it.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC

from bidder.events.event import Event
from bidder.events.ivt_rules import MOST_A_MINUTE, MOST_ADDRESSES
from bidder.events.kinds import Kind


def in_crowded_minutes(events: Iterable[Event]) -> frozenset[str]:
    """The bids of viewers' minutes that have more of them than are believed: some are billed, and some are not."""
    minutes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in events:
        if event.kind is Kind.IMPRESSION and event.billable and event.user is not None:
            minutes[event.user, f"{event.at.astimezone(UTC):%Y-%m-%dT%H:%M}"].add(event.bid_id)
    return frozenset(bid_id for bids in minutes.values() if len(bids) > MOST_A_MINUTE for bid_id in bids)


def sharing_a_price(events: Iterable[Event]) -> frozenset[str]:
    """The bids that came with an encrypted price that another bid came with: one is settled at it, the others bid."""
    bids: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.billable and event.price_vector is not None:
            bids[event.price_vector].add(event.bid_id)
    return frozenset(bid_id for bid_ids in bids.values() if len(bid_ids) > 1 for bid_id in bid_ids)


def reported_from_many_addresses(events: Iterable[Event]) -> frozenset[str]:
    """The bids whose impression came from more addresses than are believed: billed, and counted apart as well."""
    addresses: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.kind is Kind.IMPRESSION and event.billable and event.address is not None:
            addresses[event.bid_id].add(event.address)
    return frozenset(bid_id for bid_id, names in addresses.items() if len(names) > MOST_ADDRESSES)
