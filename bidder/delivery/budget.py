"""The budget guard: whether a campaign may bid, given its limits and its spend."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from bidder.campaigns.budget import Budget
from bidder.campaigns.campaign import Campaign, Flight, Status
from bidder.campaigns.pacing_mode import Mode
from bidder.money import MAX_MICROS, impression_cost


class Withheld(StrEnum):
    """The reasons for which the delivery state withholds a campaign from bidding."""

    PAUSED = "paused"
    TOTAL_BUDGET = "total budget spent"
    DAILY_BUDGET = "daily budget spent"
    REPLACED = "replaced by a newer version of the campaign"
    LIST = "a list in its targeting can't be read"
    HOURLY_BUDGET = "hourly budget spent"
    TOTAL_IMPRESSIONS = "total impressions delivered"
    DAILY_IMPRESSIONS = "daily impressions delivered"
    ADVERTISER_TOTAL_BUDGET = "total budget of its advertiser spent"
    ADVERTISER_DAILY_BUDGET = "daily budget of its advertiser spent"
    ADVERTISER_HOURLY_BUDGET = "hourly budget of its advertiser spent"
    ADVERTISER_TOTAL_IMPRESSIONS = "total impressions of its advertiser delivered"
    ADVERTISER_DAILY_IMPRESSIONS = "daily impressions of its advertiser delivered"
    ADVERTISER_FLIGHT = "outside the flight of its advertiser"


class Spend(NamedTuple):
    """The spend of a campaign in micros: its total, and that of the current day and hour in its time zone.

    `delays` counts the day's impressions by the whole minutes between bid and notice. The amounts of invalid traffic
    are separate: the advertiser is not billed for it, although an exchange may charge for it.
    """

    total_micros: int = 0
    today_micros: int = 0
    hour_micros: int = 0
    total_impressions: int = 0
    today_impressions: int = 0
    delays: tuple[tuple[int, int], ...] = ()
    invalid_total_micros: int = 0
    invalid_today_micros: int = 0
    invalid_hour_micros: int = 0

    def with_invalid(self) -> "Spend":
        """The spend including invalid traffic."""
        return self._replace(
            total_micros=self.total_micros + self.invalid_total_micros,
            today_micros=self.today_micros + self.invalid_today_micros,
            hour_micros=self.hour_micros + self.invalid_hour_micros,
        )


def counted_spends(billed: Mapping[str, Spend], *, with_invalid: bool) -> Mapping[str, Spend]:
    """The spend that counts against budgets, by the name of the holder: with invalid traffic, or the billed spend."""
    return {name: spend.with_invalid() for name, spend in billed.items()} if with_invalid else billed


class BudgetLimits(NamedTuple):
    """The limits that decide whether and how fast a campaign may bid. None means no limit.

    `total`, `daily` and `hourly` are micros, and `cost` is the most micros that one more impression can cost. The
    flight's `start` and `end` are seconds since 1970.
    """

    is_paused: bool
    total: int | None
    daily: int | None
    cost: int
    hourly: int | None = None
    total_impressions: int | None = None
    daily_impressions: int | None = None
    mode: Mode | None = None
    start: float | None = None
    end: float | None = None
    zone: str = "UTC"

    @property
    def is_limited(self) -> bool:
        """Whether any budget or impression goal limits the campaign."""
        limits = (self.total, self.daily, self.hourly, self.total_impressions, self.daily_impressions)
        return any(limit is not None for limit in limits)


def budget_limits(campaign: Campaign) -> BudgetLimits:
    """The limits of a campaign."""
    limits = limits_of(campaign.budget, campaign.flight, campaign.time_zone, campaign.top_cpm_micros)
    return limits._replace(is_paused=campaign.status is Status.PAUSED)


def with_budget_of(limits: BudgetLimits, current: BudgetLimits) -> BudgetLimits:
    """The limits with the status and the budget of `current`, and their own price, flight and time zone."""
    return current._replace(cost=limits.cost, start=limits.start, end=limits.end, zone=limits.zone)


def deal_limits(campaign: Campaign) -> dict[str, BudgetLimits]:
    """The limits of the campaign's deals that have a budget, by deal id as the campaign names it."""
    return {
        deal.id: limits_of(deal.budget, campaign.flight, campaign.time_zone, deal.cpm_micros)
        for deal in campaign.deals
        if deal.budget is not None
    }


def limits_of(budget: Budget, flight: Flight, zone: str, top_cpm_micros: int) -> BudgetLimits:
    """The limits of a budget over a flight. `top_cpm_micros` is the highest bid that the budget pays for, as a CPM."""
    return BudgetLimits(
        is_paused=False,
        total=budget.total_micros,
        daily=budget.daily_micros,
        cost=impression_cost(top_cpm_micros),
        hourly=budget.hourly_micros,
        total_impressions=budget.total_impressions,
        daily_impressions=budget.daily_impressions,
        mode=budget.pacing,
        start=flight.start.timestamp() if flight.start else None,
        end=flight.end.timestamp() if flight.end else None,
        zone=zone,
    )


_BUDGET_REASONS = {
    "total": Withheld.TOTAL_BUDGET,
    "daily": Withheld.DAILY_BUDGET,
    "hourly": Withheld.HOURLY_BUDGET,
}


def money_limits(budget: BudgetLimits, spend: Spend) -> Iterator[tuple[str, int, int]]:
    """The name, the limit and the spend of each limit of money that a budget has, in micros.

    The names are `total`, `daily` and `hourly`.
    """
    for name, limit, spent in (
        ("total", budget.total, spend.total_micros),
        ("daily", budget.daily, spend.today_micros),
        ("hourly", budget.hourly, spend.hour_micros),
    ):
        if limit is not None:
            yield name, limit, spent


def withheld(campaign: BudgetLimits, spend: Spend) -> Withheld | None:
    """The reason why the campaign may not bid, or None.

    A campaign stops when one more impression at its top price would exceed a budget or a goal. So only bids in flight
    can cause an overspend: see `docs/delivery.md`.
    """
    if campaign.is_paused:
        return Withheld.PAUSED
    for name, limit, spent in money_limits(campaign, spend):
        if spent + campaign.cost > limit:
            return _BUDGET_REASONS[name]
    if campaign.total_impressions is not None and spend.total_impressions >= campaign.total_impressions:
        return Withheld.TOTAL_IMPRESSIONS
    if campaign.daily_impressions is not None and spend.today_impressions >= campaign.daily_impressions:
        return Withheld.DAILY_IMPRESSIONS
    return None


def remaining_micros(campaign: BudgetLimits, spend: Spend) -> int | None:
    """The micros that are left of the campaign's tightest limit, or None without a limit.

    Each remaining impression of a goal counts with its full cost. The amount is at most `MAX_MICROS`.
    """
    amounts = [limit - spent for _, limit, spent in money_limits(campaign, spend)]
    amounts += [
        (limit - impressions) * campaign.cost
        for limit, impressions in (
            (campaign.total_impressions, spend.total_impressions),
            (campaign.daily_impressions, spend.today_impressions),
        )
        if limit is not None
    ]
    return min(*amounts, MAX_MICROS) if amounts else None
