"""Columns of an index object: the fields that every refresh reads of every campaign, without decoding records."""

import json
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from itertools import pairwise
from math import isnan, nan
from typing import Any

from bidder.campaigns.goal import Outcome
from bidder.campaigns.pacing_mode import Mode
from bidder.delivery.budget import BudgetLimits
from bidder.delivery.quality import OUTCOMES
from bidder.snapshot.container import Sections

_NO_LIMIT = -1
_GOALS: tuple[Outcome | None, ...] = (None, *OUTCOMES)
_MAX_CACHED_POSITIONS = 4096
_ADDED_LIMITS = ("hourly", "total_impressions", "daily_impressions")
_FLIGHT = ("start", "end")
"""Columns that older objects lack, like `mode`: campaigns of those objects have no such limits."""
_MODES: tuple[Mode | None, ...] = (None, *Mode)
"""The modes by their code in the column `mode`. Append only: stored objects have the codes."""


def column_sections(
    ids: Sequence[str],
    zones: Sequence[str],
    limits: Sequence[BudgetLimits],
    learners: Sequence[int],
    domains: Sequence[str],
    deals: Sequence[Mapping[str, BudgetLimits]],
    goals: Sequence[Outcome | None],
    open_tops: Sequence[int],
) -> dict[str, bytes]:
    """The sections of the columns: ids, time zones and limits by position, and the positions in the order of ids.

    `learners` are the positions of the campaigns that bid or choose creatives by predictions. `domains` are the
    advertisers' domains, `deals` the limits of deals that have a budget, by deal id, and `goals` the valued outcomes.
    `open_tops` are the highest bids outside deals, CPM in micros.
    """
    ends, end = array("I"), 0
    encoded_ids = [campaign_id.encode() for campaign_id in ids]
    for id_bytes in encoded_ids:
        end += len(id_bytes)
        ends.append(end)
    zone_names, zone_numbers = _number_names(zones)
    advertiser_domains, advertiser_numbers = _number_names(domains)
    deal_budgets = {str(position): budgets for position, budgets in enumerate(deals) if budgets}
    return {
        "id_ends": ends.tobytes(),
        "ids": b"".join(encoded_ids),
        "by_id": array("I", sorted(range(len(ids)), key=encoded_ids.__getitem__)).tobytes(),
        "zones": "\n".join(zone_names).encode(),
        "zone": array("H", [zone_numbers[zone] for zone in zones]).tobytes(),
        "domains": "\n".join(advertiser_domains).encode(),
        "domain": array("I", [advertiser_numbers[domain] for domain in domains]).tobytes(),
        **({"deal_budgets": json.dumps(deal_budgets, separators=(",", ":")).encode()} if deal_budgets else {}),
        "learners": array("I", learners).tobytes(),
        "goal": bytes(_GOALS.index(goal) for goal in goals),
        "top_open": array("q", open_tops).tobytes(),
        "paused": bytes(limit.is_paused for limit in limits),
        "total": _pack_limits([limit.total for limit in limits]),
        "daily": _pack_limits([limit.daily for limit in limits]),
        "cost": array("q", [limit.cost for limit in limits]).tobytes(),
        **{name: _pack_limits([getattr(limit, name) for limit in limits]) for name in _ADDED_LIMITS},
        "mode": bytes(_MODES.index(limit.mode) for limit in limits),
        **{name: array("d", [_pack_time(getattr(limit, name)) for limit in limits]).tobytes() for name in _FLIGHT},
    }


def _number_names(names: Sequence[str]) -> tuple[list[str], dict[str, int]]:
    """The distinct names, sorted, and the number of each."""
    distinct_names = sorted(set(names))
    return distinct_names, {name: number for number, name in enumerate(distinct_names)}


def _pack_limits(values: Sequence[int | None]) -> bytes:
    return array("q", [_NO_LIMIT if value is None else value for value in values]).tobytes()


class Columns:
    """The columns of an index object, by position."""

    def __init__(self, sections: Sections) -> None:
        self._id_ends = sections["id_ends"].cast("I")
        self._ids = sections["ids"]
        by_id = sections["by_id"].cast("I")
        self.position = lru_cache(maxsize=_MAX_CACHED_POSITIONS)(partial(_position, self._id_ends, self._ids, by_id))
        """The position of a campaign by id; None if the object does not have the campaign."""
        self._zones = bytes(sections["zones"]).decode().split("\n")
        self._zone = sections["zone"].cast("H")
        self._domains = sections.get("domains")
        self._domain = sections["domain"].cast("I") if "domain" in sections else None
        self._deals = sections.get("deal_budgets")
        self.goals = sections.get("goal")
        """The code of the outcome that each campaign values (`bidder.delivery.quality.OUTCOMES`), 0 for none.

        None in objects of older code.
        """
        self.open_tops = sections["top_open"].cast("q") if "top_open" in sections else None
        """The highest bid of each campaign outside deals, CPM in micros; None in objects of older code."""
        self._learners = sections["learners"].cast("I")
        self._paused = sections["paused"]
        self._added_columns = {name: sections[name].cast("q") for name in _ADDED_LIMITS if name in sections}
        self._flight = {name: sections[name].cast("d") for name in _FLIGHT if name in sections}
        self._mode = sections.get("mode")
        self._total, self._daily, self.costs = (sections[name].cast("q") for name in ("total", "daily", "cost"))

    def __len__(self) -> int:
        return len(self._id_ends)

    def id(self, position: int) -> str:
        """The id of the campaign at a position."""
        return _id(self._id_ends, self._ids, position).decode()

    @cached_property
    def all_ids(self) -> list[str]:
        """The ids of all campaigns by position: faster than `id` for thousands of look-ups."""
        text = bytes(self._ids).decode()
        if len(text) != len(self._ids):
            return list(map(self.id, range(len(self))))
        return [text[start:end] for start, end in pairwise((0, *self._id_ends))]

    def zone(self, position: int) -> str:
        """The time zone of the campaign at a position."""
        return self._zones[self._zone[position]]

    @cached_property
    def domains(self) -> list[str] | None:
        """The domain of each campaign's advertiser, by position; None in objects of older code."""
        if self._domains is None or self._domain is None:
            return None
        names = bytes(self._domains).decode().split("\n")
        return [names[number] for number in self._domain]

    def deal_limits(self) -> dict[int, dict[str, BudgetLimits]]:
        """By position, the limits of the deals that have a budget, by deal id."""
        if self._deals is None:
            return {}
        return {
            int(position): {deal_id: _deal_limits(limits) for deal_id, limits in deals.items()}
            for position, deals in json.loads(bytes(self._deals)).items()
        }

    def learners(self) -> Iterator[str]:
        """The ids of the campaigns that bid or choose creatives by predictions."""
        return map(self.id, self._learners)

    def limits(self) -> Iterator[BudgetLimits]:
        """The budget limits of all campaigns, by position."""
        return map(self.limits_of, range(len(self)))

    def limits_of(self, position: int) -> BudgetLimits:
        """The budget limits of the campaign at a position."""
        return BudgetLimits(
            is_paused=bool(self._paused[position]),
            total=_unpack_limit(self._total[position]),
            daily=_unpack_limit(self._daily[position]),
            cost=self.costs[position],
            zone=self.zone(position),
            **self._added_limits(position),
        )

    def _added_limits(self, position: int) -> dict[str, Any]:
        """The fields of a campaign's limits that older objects lack."""
        return {
            **{name: _unpack_limit(column[position]) for name, column in self._added_columns.items()},
            **{name: _unpack_time(column[position]) for name, column in self._flight.items()},
            "mode": _MODES[self._mode[position]] if self._mode is not None else None,
        }


def _deal_limits(fields: Sequence[Any]) -> BudgetLimits:
    limits = BudgetLimits(*fields)
    return limits._replace(mode=None if limits.mode is None else Mode(limits.mode))


def _id(ends: memoryview, ids: memoryview, position: int) -> bytes:
    start = ends[position - 1] if position else 0
    return bytes(ids[start : ends[position]])


def _position(ends: memoryview, ids: memoryview, by_id: memoryview, campaign_id: str) -> int | None:
    id_bytes = campaign_id.encode()
    rank = bisect_left(by_id, id_bytes, key=lambda position: _id(ends, ids, position))
    if rank == len(by_id):
        return None
    position: int = by_id[rank]
    return position if _id(ends, ids, position) == id_bytes else None


def _pack_time(value: float | None) -> float:
    return nan if value is None else value


def _unpack_time(value: float) -> float | None:
    return None if isnan(value) else value


def _unpack_limit(value: int) -> int | None:
    return None if value == _NO_LIMIT else value
