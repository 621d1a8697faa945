"""The ledger and the counts of viewed impressions in memory: the real arithmetic without DynamoDB."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from bidder.delivery.budget import Spend
from bidder.delivery.pacers import PlaybackCounts
from bidder.delivery.zones import local
from bidder.events.counted_once import Key
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.ledger import sale, spend_of


class Books:
    """A ledger in memory, which counts each sale once."""

    def __init__(self) -> None:
        self._items: dict[Key, Counter[str]] = defaultdict(Counter)
        self._marked: set[Key] = set()
        self._viewed: set[str] = set()
        self._billed: set[str] = set()
        self._confirmed = 0
        self.counts: Counter[tuple[str, Kind]] = Counter()
        """The notices by campaign and kind, duplicates included."""

    def record(self, events: Iterable[Event]) -> None:
        """Records events, in the order of their arrival."""
        for event in events:
            if event.is_billable:
                self._sell(event)
            elif event.kind is Kind.FIRST_QUARTILE and event.bid_id not in self._viewed:
                self._viewed.add(event.bid_id)
                self._confirmed += event.bid_id in self._billed
            self.counts[event.campaign_id, event.kind] += 1

    def _sell(self, event: Event) -> None:
        ledger_sale = sale(event)
        if ledger_sale.marker in self._marked:
            return
        self._marked.add(ledger_sale.marker)
        for item, numbers in ledger_sale.amounts.items():
            self._items[item].update(numbers)
        self._billed.add(event.bid_id)
        self._confirmed += event.bid_id in self._viewed

    def spends(self, zones: Mapping[str, str], now: datetime) -> dict[str, Spend]:
        """The spend of each campaign by its id. `zones` holds the campaigns' time zones."""
        spends: dict[str, Spend] = {}
        for name, zone in zones.items():
            at = local(now, zone)
            pk = f"spend#{name}"
            total, day = Key(pk, "total"), Key(pk, f"day#{at:%Y-%m-%d}")
            if total in self._items:
                spends[name] = spend_of(self._items[total], self._items.get(day, {}), at)
        return spends

    @property
    def confirmed(self) -> PlaybackCounts:
        """The number of viewed impressions, and of those with a notice of the impression."""
        return PlaybackCounts(len(self._viewed), self._confirmed)
