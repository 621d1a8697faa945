"""The bids of an archive whose billed event only the ledger knows. Pure: events in, bid ids out.

The ledger judges events in the order of their arrival, which the archive does not store. So these functions only select
the bids whose markers a report must read from the ledger.
"""

from collections import defaultdict
from collections.abc import Iterable

from bidder.events.event import Event
from bidder.events.ivt_rules import MAX_ADDRESSES, MAX_PER_MINUTE, viewer_minute
from bidder.events.kinds import Kind

_QUARTER_SECONDS = 900
"""The days and hours of every time zone begin at a quarter of an hour of UTC."""


def bids_with_differing_sales(events: Iterable[Event]) -> frozenset[str]:
    """The bids with sales at different prices, or in different hours or days: the sale that came first is billed."""
    sales: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for event in events:
        if event.is_billable:
            sales[event.bid_id].add((event.price_micros, int(event.at.timestamp()) // _QUARTER_SECONDS))
    return frozenset(bid_id for bid_id, prices_and_times in sales.items() if len(prices_and_times) > 1)


def bids_in_crowded_minutes(events: Iterable[Event]) -> frozenset[str]:
    """The bids in the minutes of viewers with too many impressions: some are billed, the others are invalid."""
    minutes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for event in events:
        if event.kind is Kind.IMPRESSION and event.is_billable and event.user is not None:
            minutes[event.user, viewer_minute(event)].add(event.bid_id)
    return frozenset(bid_id for bids in minutes.values() if len(bids) > MAX_PER_MINUTE for bid_id in bids)


def bids_sharing_a_price(events: Iterable[Event]) -> frozenset[str]:
    """The bids that share an encrypted price: one bid is settled at that price, the others at their own prices."""
    bids: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.is_billable and event.price_vector is not None:
            bids[event.price_vector].add(event.bid_id)
    return frozenset(bid_id for bid_ids in bids.values() if len(bid_ids) > 1 for bid_id in bid_ids)


def bids_with_many_addresses(events: Iterable[Event]) -> frozenset[str]:
    """The bids whose impression has too many addresses: billed once, with further events counted as invalid."""
    addresses: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.kind is Kind.IMPRESSION and event.is_billable and event.address is not None:
            addresses[event.bid_id].add(event.address)
    return frozenset(bid_id for bid_id, bid_addresses in addresses.items() if len(bid_addresses) > MAX_ADDRESSES)
