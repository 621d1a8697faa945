"""The record of a simulation: the minutes of each campaign, and the figures of the report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bidder.money import impression_cost
from bidder.simulator.reference import ReferencePlan, ReferenceStanding


class MinuteRecord(NamedTuple):
    """The sums of a campaign from the start to the end of a minute; `at` is that end in seconds since 1970.

    Amounts are micros; `bid_micros` and `paid_micros` are sums of CPMs. `planned` and `spent` are totals over all
    periods. `participation` is not a sum, but the present share of auctions.
    """

    at: float
    planned: float
    spent: float
    noticed: float
    participation: float
    bids: int
    wins: int
    bid_micros: int
    paid_micros: int


@dataclass(slots=True)
class PeriodRecord:
    """A budget of a day or of the flight, in micros or impressions.

    `limit` is the limit by which the run is measured.
    """

    limit: float
    planned: float
    spent: float
    stated: float


@dataclass(slots=True)
class Tally:
    """The figures of a campaign in a run. Spend counts at the time of its bid."""

    plan: ReferencePlan
    micros: int = 0
    impressions: int = 0
    bids: int = 0
    wins: int = 0
    bid_micros: int = 0
    paid_micros: int = 0
    value_micros: int = 0
    surplus_micros: int = 0
    """The sum of value less price of the shown wins, in micros of cost."""
    views: int = 0
    minutes: list[MinuteRecord] = field(default_factory=list)
    periods: dict[float, PeriodRecord] = field(default_factory=dict)
    """The periods by their end, in seconds since 1970."""
    differences: list[float] = field(default_factory=list)
    """The spent share less the planned share of the budget, for each minute."""

    def show(self, cpm_micros: int) -> None:
        """Counts an impression at a CPM in micros."""
        self.micros += impression_cost(cpm_micros)
        self.impressions += 1

    def close_minute(self, at: float, noticed: int, participation: float) -> None:
        """Records the minute that ends at `at`."""
        standing = self.plan.standing(at - 1e-3, self.micros, self.impressions)
        planned = float(self.micros)
        if standing is not None:
            period = self._period(standing)
            self.differences.append((standing.spent - standing.planned) / period.limit)
            if not standing.goal.counts_impressions:
                planned = self.micros - standing.spent + standing.planned
        self.minutes.append(
            MinuteRecord(
                at,
                planned,
                self.micros,
                noticed,
                participation,
                self.bids,
                self.wins,
                self.bid_micros,
                self.paid_micros,
            )
        )

    def _period(self, standing: ReferenceStanding) -> PeriodRecord:
        limit = float(standing.goal.limit)
        period = self.periods.get(standing.goal.period.end)
        if period is None:
            period = self.periods[standing.goal.period.end] = PeriodRecord(limit, 0.0, 0.0, limit)
        elif period.stated != limit:  # after an edit: no pacing can keep a limit below the spend so far
            period.limit, period.stated = max(limit, period.spent), limit
        period.planned, period.spent = standing.planned, standing.spent
        return period

    @property
    def fastest(self) -> float:
        """The highest spend of a minute, as a multiple of the planned spend of that minute."""
        fastest_rate = 0.0
        for before, after in zip(self.minutes, self.minutes[1:], strict=False):
            step = after.planned - before.planned
            if step > 0:
                fastest_rate = max(fastest_rate, (after.spent - before.spent) / step)
        return fastest_rate


def figures(tallies: Mapping[str, Tally], scale: float) -> dict[str, Any]:
    """The figures of a run under `campaigns` and `totals`, scaled back to the whole traffic."""
    rows = [_row(name, tally, scale) for name, tally in tallies.items()]
    sums = {
        name: sum(row[name] for row in rows)
        for name in ("budget_micros", "spent_micros", "plan_micros", "impressions", "bids", "wins", "surplus_micros")
    }
    over = sum(max(0, row["overspend_share"]) * row["budget_micros"] for row in rows)
    budget = sums["budget_micros"]
    weights = [row["budget_micros"] or 1 for row in rows]
    even = sum(row["evenness"] * weight for row, weight in zip(rows, weights, strict=True)) / sum(weights)
    totals = {
        **sums,
        "overspend_share": _round(over / budget if budget else 0.0),
        "delivered_share": _round(sums["spent_micros"] / sums["plan_micros"] if sums["plan_micros"] else 1.0),
        "evenness": _round(even),
        "cpm_micros": sums["spent_micros"] * 1000 // sums["impressions"] if sums["impressions"] else None,
    }
    return {"campaigns": rows, "totals": totals}


def _row(name: str, tally: Tally, scale: float) -> dict[str, Any]:
    periods = tally.periods.values()
    limit, planned = sum(period.limit for period in periods), sum(period.planned for period in periods)
    spend = sum(period.spent for period in periods)
    over = sum(max(0.0, period.spent - period.limit) for period in periods)
    differences = tally.differences
    of_impressions = tally.plan.of_impressions
    per = 1 if not of_impressions or not tally.impressions else tally.micros / tally.impressions
    return {
        "id": name,
        "budget_micros": round(limit * per / scale),
        "plan_micros": round(planned * per / scale) if periods else round(tally.micros / scale),
        "spent_micros": round(tally.micros / scale),
        "overspend_share": _round(over / limit if limit else 0.0),
        "delivered_share": _round(spend / planned if planned else 1.0),
        "evenness": _round(sum(map(abs, differences)) / len(differences) if differences else 0.0),
        "worst_difference": _round(max(map(abs, differences), default=0.0)),
        "fastest_minute": _round(tally.fastest),
        "impressions": round(tally.impressions / scale),
        "bids": round(tally.bids / scale),
        "wins": round(tally.wins / scale),
        "win_rate": _round(tally.wins / tally.bids if tally.bids else 0.0),
        "cpm_micros": tally.micros * 1000 // tally.impressions if tally.impressions else None,
        "cost_per_view_micros": tally.micros // tally.views if tally.views else None,
        "value_micros": round(tally.value_micros / scale),
        "surplus_micros": round(tally.surplus_micros / scale),
    }


def _round(value: float) -> float:
    return round(value, 8)
