"""What a process may bid of each budget, against a plain account of what it has bid."""

from array import array
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.allowance import HEADROOM, Allowance
from tests.support.campaigns import NOW

NO_LIMIT = Allowance.NO_LIMIT
limits = st.just(NO_LIMIT) | st.integers(0, 30)


class Account:
    """A budget and a pace, as the documentation has them: amounts in exact fractions of micros."""

    def __init__(self, budget: int, burst: int, per_minute: int) -> None:
        self.budget = None if budget == NO_LIMIT else budget
        self.pace = None if burst == NO_LIMIT else (burst, per_minute)
        self.bid = 0

    def left(self, seconds: int) -> int | None:
        amounts = [] if self.budget is None else [self.budget - self.bid]
        if self.pace is not None:
            burst, per_minute = self.pace
            amounts.append(burst + int(Fraction(per_minute * max(0, seconds), 60)) - self.bid)
        return min(amounts, default=None)


@given(
    st.lists(st.tuples(limits, limits, st.integers(0, 20)), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 12), st.sets(st.integers(0, 2), min_size=1)), max_size=25),
)
def test_a_bid_is_allowed_exactly_while_all_its_accounts_pay_for_it(
    columns: list[tuple[int, int, int]], bids: list[tuple[int, int, set[int]]]
) -> None:
    budgets, bursts, rates = (array("q", column) for column in zip(*columns, strict=True))
    allowance = Allowance(budgets, lambda _: 1, lambda _: None, paces=(bursts, rates), as_of=NOW)
    accounts = [Account(*of_account) for of_account in columns]
    seconds = 0
    for wait, cost, chosen in bids:
        seconds += wait
        now = NOW + timedelta(seconds=seconds)
        of_bid = sorted(number for number in chosen if number < len(accounts))
        left = [accounts[number].left(seconds) for number in of_bid]
        is_paid = all(amount is None or amount >= cost for amount in left)

        assert [allowance.left(number, now) for number in of_bid] == left
        assert allowance.commit(of_bid, cost, now) == is_paid
        if is_paid and any(amount is not None for amount in left):
            for number, amount in zip(of_bid, left, strict=True):
                accounts[number].bid += 0 if amount is None else cost
        for number, account in enumerate(accounts):
            assert allowance.left(number, now) == account.left(seconds)


def test_before_the_refresh_only_the_burst_may_be_bid() -> None:
    allowance = Allowance(
        array("q", [NO_LIMIT]), lambda _: 1, lambda _: None, paces=(array("q", [7]), array("q", [600])), as_of=NOW
    )

    assert allowance.left(0, NOW - timedelta(minutes=1)) == 7
    assert allowance.left(0, NOW + timedelta(seconds=1)) == 17


class Told:
    """Which accounts an allowance says are used up."""

    def __init__(self) -> None:
        self.used: set[int] = set()
        self.heard: list[tuple[str, int]] = []

    def used_up(self, account: int) -> None:
        self.used.add(account)
        self.heard.append(("used up", account))

    def restored(self, account: int) -> None:
        self.used.discard(account)
        self.heard.append(("restored", account))


def test_an_account_is_used_up_once_it_pays_for_no_more_bid() -> None:
    told = Told()
    allowance = Allowance(array("q", [10, 100]), lambda _: 4, told.used_up)

    assert allowance.commit([0, 1], 6, NOW)
    assert told.used == set(), "four are left, which is one more bid"
    assert allowance.commit([0, 1], 1, NOW)
    assert told.used == {0}


def test_accounts_of_a_bid_that_one_of_them_can_not_pay_stay_as_they_were() -> None:
    told = Told()
    allowance = Allowance(array("q", [10, 3, NO_LIMIT]), lambda _: 1, told.used_up)

    assert not allowance.commit([0, 1, 2], 4, NOW)
    assert [allowance.left(account, NOW) for account in range(3)] == [10, 3, None]
    assert allowance.commit([2], 10**12, NOW)
    assert told.heard == []


def resting(told: Told, per_minute: tuple[int, ...] = (60, 30), budget: int = NO_LIMIT) -> Allowance:
    """Campaigns with a burst of one bid of 60 micros, which then rest."""
    number = len(per_minute)
    return Allowance(
        array("q", [budget] * number),
        lambda _: 60,
        told.used_up,
        told.restored,
        (array("q", [60] * number), array("q", per_minute)),
        NOW,
    )


def test_each_campaign_wakes_by_its_own_pace() -> None:
    told = Told()
    allowance = resting(told, (60, 30, 40))
    allowance.wake(NOW + timedelta(days=1))
    for account in (1, 0, 2):
        assert allowance.commit([account], 60, NOW)
    assert told.used == {0, 1, 2}

    for seconds, used in ((59, {0, 1, 2}), (60, {1, 2}), (89, {1, 2}), (90, {1}), (119, {1}), (120, set())):
        allowance.wake(NOW + timedelta(seconds=seconds))
        assert told.used == used
    allowance.wake(NOW + timedelta(days=1))
    assert told.heard[3:] == [("restored", 0), ("restored", 2), ("restored", 1)], "each is told once"


def test_a_campaign_that_bid_a_part_of_its_burst_rests_until_a_whole_bid_is_there() -> None:
    told = Told()
    allowance = resting(told, (60,))

    assert allowance.commit([0], 15, NOW)
    allowance.wake(NOW + timedelta(seconds=14.9))
    assert told.used == {0}
    allowance.wake(NOW + timedelta(seconds=15))
    assert told.used == set()


@pytest.mark.parametrize(("missing", "wakes"), [(1, True), (1_439, True), (1_440, False)])
def test_a_campaign_that_would_rest_for_a_day_rests_until_the_next_refresh(missing: int, wakes: bool) -> None:
    told = Told()
    paces = (array("q", [2_000]), array("q", [1]))
    allowance = Allowance(array("q", [NO_LIMIT]), lambda _: 2_000, told.used_up, told.restored, paces, NOW)
    assert allowance.commit([0], missing, NOW)
    assert told.used == {0}

    allowance.wake(NOW + timedelta(days=2))

    assert (told.used == set()) == wakes


def test_a_campaign_without_a_pace_does_not_rest_beside_one_that_has_one() -> None:
    told = Told()
    paces = (array("q", [60, NO_LIMIT]), array("q", [60, NO_LIMIT]))
    allowance = Allowance(array("q", [1_000, 1_000]), lambda _: 60, told.used_up, told.restored, paces, NOW)

    assert allowance.commit([0, 1], 60, NOW)

    assert told.used == {0}


def test_without_any_pace_only_the_budget_counts() -> None:
    assert Allowance(array("q", [5]), lambda _: 1, lambda _: None, as_of=NOW).left(0, NOW) == 5


def test_a_campaign_whose_burst_has_room_for_another_bid_does_not_rest() -> None:
    told = Told()
    allowance = resting(told, (60,))
    assert allowance.commit([0], 60, NOW + timedelta(minutes=1))

    assert told.heard == []


def test_a_campaign_without_a_rate_rests_until_the_next_refresh() -> None:
    told = Told()
    allowance = resting(told, (0,))
    assert allowance.commit([0], 60, NOW)

    allowance.wake(NOW + timedelta(days=10_000))

    assert told.used == {0}


@pytest.mark.parametrize(("budget", "is_restored"), [(NO_LIMIT, True), (120, True), (119, False), (60, False)])
def test_a_campaign_wakes_only_if_its_budget_pays_for_a_bid(budget: int, is_restored: bool) -> None:
    told = Told()
    allowance = resting(told, (60,), budget)
    assert allowance.commit([0], 60, NOW)

    allowance.wake(NOW + timedelta(minutes=1))

    assert (told.used == set()) == is_restored


def test_a_copy_counts_by_itself() -> None:
    told, other = Told(), Told()
    allowance = resting(told, (60,), 1_000)
    copy = allowance.copy(other.used_up, other.restored)

    assert allowance.commit([0], 60, NOW)

    assert copy.left(0, NOW) == 60
    assert (told.used, other.used) == ({0}, set())
    assert copy.commit([0], 60, NOW)
    copy.wake(NOW + timedelta(minutes=1))
    assert other.heard == [("used up", 0), ("restored", 0)]


def test_an_allowance_without_a_pace_of_any_account_says_so() -> None:
    assert resting(Told()).has_paces
    assert not Allowance(array("q", [1]), lambda _: 1, lambda _: None).has_paces


def test_the_pace_of_an_hour_is_what_was_planned_without_the_headroom() -> None:
    assert resting(Told(), (60,)).planned_an_hour(0) == 60 * 60 / HEADROOM == 2400
    assert Allowance(array("q", [1]), lambda _: 1, lambda _: None).planned_an_hour(0) is None
    unpaced = (array("q", [NO_LIMIT]), array("q", [0]))
    assert Allowance(array("q", [1]), lambda _: 1, lambda _: None, paces=unpaced).planned_an_hour(0) is None
