"""The pacing controller: participation in [0, 1], monotone in the remaining budget, on plan within an hour."""

from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from bidder.delivery.budget import BudgetLimits, Spend
from bidder.delivery.curve import FLAT, Curve
from bidder.delivery.estimates import Report
from bidder.delivery.pacing import MAX_SPEED, Forecast, Memory, Step, step
from bidder.delivery.participation import WHOLE
from tests.support.examples import examples

MIDNIGHT = 1_772_409_600.0
"""2026-03-02, a Monday, in UTC."""
COST = 3_000
SHOWN = 0.5
"""Impressions per bid in these tests. Every notice arrives at once."""


def limits(daily: int, **changes: object) -> BudgetLimits:
    return BudgetLimits(is_paused=False, total=None, daily=daily, cost=COST)._replace(**changes)  # type: ignore[arg-type]


class World:
    """A deterministic market with `per_minute` opportunities a minute. The campaign bids whenever it takes part."""

    def __init__(self, daily: int, per_minute: float, spend: int = 0, start: float = MIDNIGHT) -> None:
        self.limits, self.per_minute, self.now = limits(daily), per_minute, start
        self.spent, self.carry = spend, 0.0
        self.memory = Memory()
        self.reports: dict[int, Report] = {}
        self.series: list[float] = []

    def minute(self, factor: float = 1.0) -> Step:
        impressions = self.spent // COST
        spend = Spend(self.spent, self.spent, self.spent, impressions, impressions)
        last = {at: report for at, report in self.reports.items() if at < self.now - 60}
        result = step(self.limits, spend, last, self.now, self.memory, Forecast(FLAT, self.per_minute))
        share = result.pace.share / WHOLE if result.pace else 1.0
        opportunities = self.per_minute * factor
        bids = opportunities * share
        self.reports[int(self.now)] = Report(round(opportunities), round(bids))
        self.carry += bids * SHOWN
        impression_count = int(self.carry)
        self.carry -= impression_count
        self.spent += impression_count * COST
        self.now += 60
        self.series.append(self.spent)
        return result

    @property
    def plan(self) -> float:
        assert self.limits.daily is not None
        return self.limits.daily * (self.now - MIDNIGHT) / 86_400


budgets = st.integers(COST * 2_000, COST * 20_000)


@examples(0.6)
@given(
    st.integers(1, 10**9),
    st.lists(
        st.tuples(st.integers(0, 10**8), st.integers(0, 10**4), st.integers(0, 10**4), st.floats(1, 4000)), max_size=12
    ),
    st.none() | st.floats(0, 1e5),
    st.lists(st.floats(0, 10), min_size=168, max_size=168).filter(any),
)
def test_participation_stays_within_its_bounds_for_any_observations(
    daily: int, history: list[tuple[int, int, int, float]], known: float | None, weights: list[float]
) -> None:
    memory, now, total = Memory(), MIDNIGHT + 1, 0
    for micros, opportunities, bids, seconds in history:
        now, total = now + seconds, total + micros
        spend = Spend(total, min(total, micros), 0, total // COST, micros // COST)
        reports = {int(now) // 60 * 60 - 120: Report(opportunities, bids)}
        result = step(limits(daily), spend, reports, now, memory, Forecast(Curve(weights), known))

        assert result.pace is not None
        assert 0 <= result.pace.share <= WHOLE
        assert result.pace.burst >= 0
        assert result.pace.per_minute >= 0
        assert result.reserved >= 0
        assert 0 <= result.outlook.participation <= 1


@examples(0.6)
@given(budgets, st.floats(0, 1), st.floats(0, 1), st.integers(1, 1_400))
def test_participation_is_monotone_in_the_remaining_budget(
    budget: int, first: float, other: float, minute: int
) -> None:
    more, lower_spend = (round(budget * share) for share in sorted((first, other)))
    shares = []
    for spent in (more, lower_spend):
        world = World(budget, 200, start=MIDNIGHT)
        for _ in range(3):
            world.minute()
        memory = replace(world.memory, micros=spent, impressions=spent // COST)
        now = MIDNIGHT + 60 * max(4, minute)
        spend = Spend(spent, spent, 0, spent // COST, spent // COST)
        result = step(world.limits, spend, {}, now, memory, Forecast(FLAT, 200))
        assert result.pace is not None
        shares.append(result.pace.share)

    assert shares[0] >= shares[1]


@examples(0.25)
@given(budgets, st.floats(0.05, 0.9), st.lists(st.floats(0, 10), min_size=1, max_size=90))
@example(6_008_671, 0.75, [0.0, 4.0, 7.0, 10.0])
@example(6_000_000, 0.75, [0.0, 0.0, 0.0, 10.0, 10.0])
def test_after_any_history_the_campaign_is_on_plan_or_at_full_speed_within_an_hour(
    budget: int, expected: float, history: list[float]
) -> None:
    world = World(budget, budget / COST / 1440 / SHOWN / expected)
    for factor in history:
        world.minute(factor)
    for _ in range(60):
        world.minute()
    behind = (world.plan - world.spent) / budget
    pace = (world.series[-1] - world.series[-31]) / (budget / 48)

    assert behind > -0.006, "what is ahead of the plan waits for it"
    assert behind < 0.006 or pace > min(MAX_SPEED, 1 / expected) * 0.85


@examples(0.1)
@given(budgets, st.floats(0.05, 0.7))
def test_spend_after_an_outage_catches_up_without_a_burst(budget: int, expected: float) -> None:
    world = World(budget, budget / COST / 1440 / SHOWN / expected)
    for minute in range(700):
        world.minute(0 if 300 <= minute < 360 else 1)
    by_minute = [later - before for before, later in zip(world.series, world.series[1:], strict=False)]

    assert max(by_minute[361:]) <= 1.5 * budget / 1440 + COST
    assert (world.plan - world.spent) / budget < 0.01


def test_a_daily_budget_is_spent_to_the_last_impression_and_not_exceeded() -> None:
    world = World(COST * 5_000, 200)
    for _ in range(1_440):
        world.minute()

    assert 0.998 <= world.spent / (COST * 5_000) <= 1


def test_a_budget_below_spend_stops_at_once_and_a_raised_budget_is_spread_over_the_rest() -> None:
    world = World(COST * 5_000, 400)
    for _ in range(720):
        world.minute()
    world.limits = limits(COST * 1_000)
    stopped = world.minute()
    assert stopped.pace is not None
    assert stopped.pace.share == 0

    world.limits = limits(COST * 10_000)
    before = world.spent
    for _ in range(60):
        world.minute()
    an_hour = (COST * 10_000 - before) / 12
    assert 0.93 < (world.spent - before) / an_hour < 1.07
