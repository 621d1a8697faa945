"""The delivery state: the small part of a snapshot that changes every minute."""

import json
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from bidder.delivery.allowance import Allowance, Pace
from bidder.delivery.budget import BudgetLimits, Spend, Withheld, remaining, withheld
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.participation import WHOLE, AuctionDraw
from bidder.delivery.win_model import Shading, WinModel
from bidder.delivery.zones import Clocks, clocks
from bidder.money import ACCOUNT_CURRENCY, MICROS, Rate
from bidder.snapshot import sets
from bidder.snapshot.bucket_sets import BucketSets, bucket_sections
from bidder.snapshot.container import BadSnapshot, Sections, pack, unpack
from bidder.snapshot.index import Index
from bidder.snapshot.predictions import Predictions, pack_predictions, unpack_predictions
from bidder.snapshot.sets import Set
from bidder.snapshot.tier import Tier

KIND = "delivery"
_SHARE, _BURST, _PER_MINUTE = "share", "burst", "per_minute"
_UNPACED = {_SHARE: WHOLE, _BURST: Allowance.NO_LIMIT, _PER_MINUTE: Allowance.NO_LIMIT}
"""The columns of paces, in the order of the fields of `Pace`, with the values of a campaign without one."""
_REASONS: tuple[Withheld | None, ...] = (None, *Withheld)
"""By the codes of the column `withheld`: only ever appended to."""


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """Who may bid. `eligible` has a set of campaigns for each tier of the index.

    `used_up` is of the same form: the campaigns whose `allowance` this process has used up.
    """

    index_id: str
    as_of: datetime
    eligible: tuple[Set, ...]
    used_up: list[Set]
    allowance: Allowance
    rates: Mapping[str, Rate]
    """Micros of the account currency that one unit of a currency is worth, the account currency's own among them."""
    predictions: Predictions
    clocks: Clocks
    """Of the time zones that campaigns are in."""
    billed_by_notice: frozenset[str]
    """The exchanges whose billing notice, not the impression, makes a bid due."""
    buckets: BucketSets | None
    """The campaigns that can take part in auctions, by their bucket; None where no campaign is paced."""
    shares: "array[int] | None"
    """Each campaign's share of auctions (`bidder.delivery.participation`), by position."""
    shading: Shading | None
    """What is known of the prices that win; None where no bid is shaded."""
    _withheld: memoryview

    def for_another_process(self, index: Index) -> "DeliveryState":
        """The same state as another process reads it: nothing of its allowance is used."""
        used_up, use_up, restore = _used_up(index)
        return replace(self, used_up=used_up, allowance=self.allowance.copy(use_up, restore))

    def takes_part(self, position: int, campaign_id: str, draw: AuctionDraw) -> bool:
        """Whether pacing lets a campaign take part in an auction."""
        if self.shares is None:
            return True
        share = self.shares[position]
        return share >= WHOLE or draw.of(campaign_id) < share

    def bidding(self, tier: int) -> Set:
        """Those of the eligible of a tier whose allowance is not used up."""
        used_up = self.used_up[tier]
        return sets.without(self.eligible[tier], used_up) if used_up else self.eligible[tier]

    def withheld(self, position: int) -> Withheld | None:
        """Why a campaign may not bid; None where it may."""
        return _REASONS[self._withheld[position]]

    def withheld_counts(self) -> dict[Withheld, int]:
        """How many campaigns may not bid, by the reason; old forms of campaigns are left out."""
        codes = bytes(self._withheld)
        counts = {reason: codes.count(code) for code, reason in enumerate(_REASONS) if reason is not None}
        return {reason: count for reason, count in counts.items() if count and reason is not Withheld.REPLACED}

    @property
    def count(self) -> int:
        """How many campaigns may bid."""
        return sum(map(sets.count, self.eligible))


def compile_delivery(
    index: Index,
    spends: Mapping[str, Spend],
    as_of: datetime,
    rates: Mapping[str, Rate] | None = None,
    counts: Mapping[tuple[str, str], OutcomeCounts] | None = None,
    latest: Mapping[str, BudgetLimits] | None = None,
    billed_by_notice: Collection[str] = (),
    unread: Iterable[str] = (),
    paces: Mapping[str, Pace] | None = None,
    reserved: Mapping[str, int] | None = None,
    shading: Shading | None = None,
) -> bytes:
    """The delivery object for this index: what its campaigns had spent at `as_of`, and the currencies known then.

    `counts` are what became of impressions, by campaign id and creative id. `latest` are terms that hold instead of
    those that the index was compiled with. `billed_by_notice` are names of exchanges. `unread` are the lists of ids
    that can't be read: who names one doesn't bid. `paces` are those of the paced campaigns, by id, and
    `reserved` the micros that campaigns have in flight. `shading` is None where nobody is to shade bids.
    """
    barred = {position for name in unread for position in index.lists.get(name, ())}
    reasons = bytearray(len(index))
    left = array("q")
    held_back = reserved or {}
    for position, reason, its in _states(index, spends, latest or {}):
        reasons[position] = _REASONS.index(reason or (Withheld.LIST if position in barred else None))
        flying = held_back.get(index.campaign_id(position), 0) if held_back and its is not None else 0
        left.append(Allowance.NO_LIMIT if its is None else max(0, its - flying))
    known = rates or {}
    meta = {
        "index": index.id,
        "as_of": as_of.isoformat(),
        "rates": {**{code: rate for code, rate in known.items() if isinstance(rate, int)}, ACCOUNT_CURRENCY: MICROS},
        "finer_rates": {code: str(rate) for code, rate in known.items() if not isinstance(rate, int)},
        "clocks": clocks(index.known.zones, as_of),
        "billed_by_notice": sorted(billed_by_notice),
        **({"shading": shading} if shading else {}),
    }
    sections = {
        "meta": json.dumps(meta, sort_keys=True).encode(),
        "withheld": bytes(reasons),
        "left": left.tobytes(),
        "predictions": pack_predictions(counts or {}, index.learners()),
        **_pace_sections(index, paces or {}),
    }
    return pack(KIND, sections)


def load_delivery(data: bytes, index: Index) -> DeliveryState:
    """A delivery object, read back. Raises BadSnapshot, also where it belongs to another index."""
    sections = unpack(KIND, data)
    meta = json.loads(bytes(sections["meta"]))
    reasons = sections["withheld"]
    if meta["index"] != index.id or len(reasons) != len(index):
        msg = f"delivery: belongs to index {meta['index']}, not to {index.id}"
        raise BadSnapshot(msg)
    used_up, use_up, restore = _used_up(index)
    as_of = datetime.fromisoformat(meta["as_of"])
    return DeliveryState(
        index_id=index.id,
        as_of=as_of,
        eligible=tuple(_eligible(reasons, index.tiers_by_number)),
        used_up=used_up,
        allowance=Allowance(array("q", bytes(sections["left"])), index.cost, use_up, restore, _paces(sections), as_of),
        rates={**{code: Decimal(rate) for code, rate in meta.get("finer_rates", {}).items()}, **meta["rates"]},
        predictions=unpack_predictions(bytes(sections["predictions"]) if "predictions" in sections else None),
        clocks={zone: [(since, ahead) for since, ahead in its] for zone, its in meta.get("clocks", {}).items()},
        billed_by_notice=frozenset(meta.get("billed_by_notice", ())),
        buckets=BucketSets(sections, index.tiers_by_number) if _SHARE in sections else None,
        shares=array("q", bytes(sections[_SHARE])) if _SHARE in sections else None,
        shading=_shading(meta.get("shading")),
        _withheld=reasons,
    )


def _used_up(index: Index) -> tuple[list[Set], Callable[[int], None], Callable[[int], None]]:
    """An empty set for each tier, and what adds the campaign at a position to them, and takes it out."""
    used_up = [sets.set_of((), tier.size) for tier in index.tiers_by_number]

    def use_up(position: int) -> None:
        tier, place = index.tier_of(position)
        used_up[tier] = used_up[tier] | sets.set_of((place,), index.tiers_by_number[tier].size)

    def restore(position: int) -> None:
        tier, place = index.tier_of(position)
        size = index.tiers_by_number[tier].size
        used_up[tier] = sets.without(used_up[tier], sets.set_of((place,), size))

    return used_up, use_up, restore


def _pace_sections(index: Index, paces: Mapping[str, Pace]) -> dict[str, bytes]:
    """The columns of paces and the sets of campaigns by bucket; none where no campaign of the index is paced."""
    shares: dict[int, int] = {}
    columns = {name: array("q", [value]) * len(index) for name, value in _UNPACED.items()}
    for campaign_id, pace in paces.items():
        position = index.position(campaign_id)
        if position is not None:
            shares[position] = pace.share
            for name, value in zip(_UNPACED, pace, strict=True):
                columns[name][position] = value
    if not shares:
        return {}
    return {
        **{name: column.tobytes() for name, column in columns.items()},
        **bucket_sections(shares, index.tiers_by_number, index.campaign_id),
    }


def _shading(written: Sequence[Any] | None) -> Shading | None:
    if written is None:
        return None
    models, explored = written
    return Shading({segment: WinModel(*model) for segment, model in models.items()}, explored)


def _paces(sections: Sections) -> tuple["array[int]", "array[int]"] | None:
    if _BURST not in sections:
        return None
    return array("q", bytes(sections[_BURST])), array("q", bytes(sections[_PER_MINUTE]))


def _states(
    index: Index, spends: Mapping[str, Spend], latest_terms: Mapping[str, BudgetLimits]
) -> Iterator[tuple[int, Withheld | None, int | None]]:
    """Each campaign's position, why it may not bid, and what is left of its budget."""
    nothing = Spend()
    replaced: set[str] = set()
    latest: list[frozenset[str]] = []
    for part in reversed(index.parts):
        latest.append(frozenset(replaced))
        if part.start:
            replaced |= part.gone
            replaced.update(map(part.columns.id, range(len(part))))
    for part, newer in zip(index.parts, reversed(latest), strict=True):
        for place, terms in enumerate(part.columns.terms()):
            campaign_id = part.columns.id(place)
            spend = spends.get(campaign_id, nothing)
            its = latest_terms.get(campaign_id, terms)
            reason = Withheld.REPLACED if campaign_id in newer else withheld(its, spend)
            yield part.start + place, reason, remaining(its, spend)


def _eligible(reasons: memoryview, tiers: Iterable[Tier]) -> Iterator[Set]:
    for tier in tiers:
        its = reasons[tier.start : tier.start + tier.count]
        yield sets.unmarked(its, tier.size)
