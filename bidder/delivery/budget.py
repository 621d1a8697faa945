"""The budget guard: whether a campaign may go on bidding, given what it has spent."""

from enum import StrEnum
from typing import NamedTuple

from bidder.campaigns.budget import Budget
from bidder.campaigns.campaign import Campaign, Flight, Status
from bidder.campaigns.pacing_mode import Mode
from bidder.money import impression_cost


class Withheld(StrEnum):
    """Why delivery keeps a campaign from bidding."""

    PAUSED = "paused"
    TOTAL_BUDGET = "total budget spent"
    DAILY_BUDGET = "daily budget spent"
    REPLACED = "no longer the campaign's latest form"
    LIST = "a list that it names can't be read"
    HOURLY_BUDGET = "hourly budget spent"
    TOTAL_IMPRESSIONS = "impressions in all delivered"
    DAILY_IMPRESSIONS = "daily impressions delivered"
    ADVERTISER_TOTAL_BUDGET = "total budget of its advertiser spent"
    ADVERTISER_DAILY_BUDGET = "daily budget of its advertiser spent"
    ADVERTISER_HOURLY_BUDGET = "hourly budget of its advertiser spent"
    ADVERTISER_TOTAL_IMPRESSIONS = "impressions of its advertiser in all delivered"
    ADVERTISER_DAILY_IMPRESSIONS = "daily impressions of its advertiser delivered"
    ADVERTISER_FLIGHT = "outside the flight of its advertiser"


class Spend(NamedTuple):
    """What a campaign has spent: in all, and in the current day and hour of its time zone.

    Amounts are in micros. `delays` are the day's impressions by the whole minutes from their bid to their notice.
    Invalid traffic was shown to no person, so it is not billed; an exchange may still charge it.
    """

    total_micros: int = 0
    today_micros: int = 0
    hour_micros: int = 0
    total_impressions: int = 0
    today_impressions: int = 0
    delays: tuple[tuple[int, int], ...] = ()
    invalid_total_micros: int = 0
    invalid_today_micros: int = 0

    def with_invalid(self) -> "Spend":
        """The same where invalid traffic counts as spent."""
        return self._replace(
            total_micros=self.total_micros + self.invalid_total_micros,
            today_micros=self.today_micros + self.invalid_today_micros,
        )


class BudgetLimits(NamedTuple):
    """What of a campaign decides whether and how fast it may bid; None is no limit.

    `total`, `daily` and `hourly` are micros, and `cost` is the most micros that one more impression can cost. The
    flight's `start` and `end` are seconds since 1970.
    """

    paused: bool
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
    return limits._replace(paused=campaign.status is Status.PAUSED)


def deal_limits(campaign: Campaign) -> dict[str, BudgetLimits]:
    """The limits of the campaign's deals that have a budget, by deal id as the campaign names it."""
    return {
        deal.id: limits_of(deal.budget, campaign.flight, campaign.time_zone, deal.cpm_micros)
        for deal in campaign.deals
        if deal.budget is not None
    }


def limits_of(budget: Budget, flight: Flight, zone: str, top_cpm_micros: int) -> BudgetLimits:
    """The limits of a budget over a flight; `top_cpm_micros` is the highest bid that it pays for."""
    return BudgetLimits(
        paused=False,
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


def withheld(campaign: BudgetLimits, spend: Spend) -> Withheld | None:
    """Why the campaign may not bid, or None where it may.

    It stops when one more impression at its top price would pass a budget, or one more impression a goal. What it
    spends in excess comes only from bids already out: see `docs/delivery.md`.
    """
    if campaign.paused:
        return Withheld.PAUSED
    for reason, limit, spent in (
        (Withheld.TOTAL_BUDGET, campaign.total, spend.total_micros),
        (Withheld.DAILY_BUDGET, campaign.daily, spend.today_micros),
        (Withheld.HOURLY_BUDGET, campaign.hourly, spend.hour_micros),
    ):
        if limit is not None and spent + campaign.cost > limit:
            return reason
    if campaign.total_impressions is not None and spend.total_impressions >= campaign.total_impressions:
        return Withheld.TOTAL_IMPRESSIONS
    if campaign.daily_impressions is not None and spend.today_impressions >= campaign.daily_impressions:
        return Withheld.DAILY_IMPRESSIONS
    return None


def remaining(campaign: BudgetLimits, spend: Spend) -> int | None:
    """What is left of the tightest of the campaign's limits, in micros; None where it has none.

    An impression that is left of a goal counts with its full cost.
    """
    left = [
        limit - spent
        for limit, spent in (
            (campaign.total, spend.total_micros),
            (campaign.daily, spend.today_micros),
            (campaign.hourly, spend.hour_micros),
        )
        if limit is not None
    ]
    left += [
        (limit - shown) * campaign.cost
        for limit, shown in (
            (campaign.total_impressions, spend.total_impressions),
            (campaign.daily_impressions, spend.today_impressions),
        )
        if limit is not None
    ]
    return min(left, default=None)
