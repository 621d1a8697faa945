"""Comparisons of bills: the break-even between entrances, and the saving of each switch."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from bidder.cli.cost.bill import bill, total
from bidder.cli.cost.prices import Prices
from bidder.cli.cost.usage import Entrance, Load

MIN_QPS, MAX_QPS = 0.1, 1_000_000.0
POINTS = 141
"""Rates that are compared: twenty a decade."""


class Range(NamedTuple):
    """The rate of requests `qps` from which this entrance is the cheapest (the break-even)."""

    qps: float
    entrance: Entrance


class Saving(NamedTuple):
    """The savings of a switch in dollars a month."""

    switch: str
    dollars: float


def rates() -> list[float]:
    """The rates that are compared, evenly spaced in their logarithm."""
    step = (MAX_QPS / MIN_QPS) ** (1 / (POINTS - 1))
    return [MIN_QPS * step**number for number in range(POINTS)]


def cost(load: Load, entrance: Entrance, prices: Prices) -> float:
    """The dollars of a month."""
    return total(bill(load, entrance, prices))


def cheapest(load: Load, prices: Prices) -> list[Range]:
    """The cheapest entrance by rate, the other numbers of the load unchanged. A break-even is exact to a percent."""
    ranges: list[Range] = []
    below = MIN_QPS
    for qps in rates():
        entrance = _cheapest_at(load, qps, prices)
        if not ranges:
            ranges.append(Range(qps, entrance))
        elif entrance is not ranges[-1].entrance:
            ranges.append(Range(_crossing(load, prices, below, qps, entrance), entrance))
        below = qps
    return ranges


def _cheapest_at(load: Load, qps: float, prices: Prices) -> Entrance:
    there = replace(load, qps=qps)
    return min(Entrance, key=lambda entrance: cost(there, entrance, prices))


def _crossing(load: Load, prices: Prices, low: float, high: float, entrance: Entrance) -> float:
    """The rate between the two from which `entrance` is the cheapest."""
    while high / low > 1.01:
        middle = (low * high) ** 0.5
        if _cheapest_at(load, middle, prices) is entrance:
            high = middle
        else:
            low = middle
    return high


def savings(load: Load, entrance: Entrance, prices: Prices) -> list[Saving]:
    """The savings of each switch alone, the largest first. Switches that the load has on already are left out."""
    now = cost(load, entrance, prices)
    all_savings = (Saving(name, now - cost(switched, entrance, prices)) for name, switched in _switches(load))
    return sorted(
        (saving for saving in all_savings if abs(saving.dollars) >= 0.005), key=lambda saving: -saving.dollars
    )


def _switches(load: Load) -> Iterator[tuple[str, Load]]:
    yield "arm64 instead of x86_64", replace(load, arm=True)
    yield "no traces (X-Ray off)", replace(load, is_traced=False)
    yield "traces: one a second only", replace(load, sampling=0.0)
    yield "Lambda's system log level WARN", replace(load, log_bytes=0)
    yield "ten events a call (POST /e)", replace(load, events_per_call=10.0)
    yield "archive for 90 days", replace(load, archive_days=min(90, load.archive_days))
