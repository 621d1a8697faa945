"""The allowance of a process per budget, compared with naive accounts of its bids."""

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
    """A budget and a pace by their definitions in the documentation, in exact fractions of micros."""

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
def test_a_bid_is_allowed_exactly_if_all_its_accounts_can_pay_for_it(
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
        remaining = [accounts[number].left(seconds) for number in of_bid]
        is_paid = all(amount is None or amount >= cost for amount in remaining)

        assert [allowance.remaining_micros(number, now) for number in of_bid] == remaining
        assert allowance.commit(of_bid, cost, now) == is_paid
        if is_paid and any(amount is not None for amount in remaining):
            for number, amount in zip(of_bid, remaining, strict=True):
                accounts[number].bid += 0 if amount is None else cost
        for number, account in enumerate(accounts):
            assert allowance.remaining_micros(number, now) == account.left(seconds)


def test_at_the_time_of_the_refresh_only_the_burst_is_available() -> None:
    allowance = Allowance(
        array("q", [NO_LIMIT]), lambda _: 1, lambda _: None, paces=(array("q", [7]), array("q", [600])), as_of=NOW
    )

    assert allowance.remaining_micros(0, NOW - timedelta(minutes=1)) == 7
    assert allowance.remaining_micros(0, NOW + timedelta(seconds=1)) == 17


class AccountRecorder:
    """Records the accounts that an allowance reports as used up or restored."""

    def __init__(self) -> None:
        self.used: set[int] = set()
        self.calls: list[tuple[str, int]] = []

    def used_up(self, account: int) -> None:
        self.used.add(account)
        self.calls.append(("used up", account))

    def restored(self, account: int) -> None:
        self.used.discard(account)
        self.calls.append(("restored", account))


def test_an_account_is_used_up_if_it_cannot_pay_for_another_bid() -> None:
    reported = AccountRecorder()
    allowance = Allowance(array("q", [10, 100]), lambda _: 4, reported.used_up)

    assert allowance.commit([0, 1], 6, NOW)
    assert reported.used == set(), "four are left, which is one more bid"
    assert allowance.commit([0, 1], 1, NOW)
    assert reported.used == {0}


def test_a_refused_bid_changes_none_of_its_accounts() -> None:
    reported = AccountRecorder()
    allowance = Allowance(array("q", [10, 3, NO_LIMIT]), lambda _: 1, reported.used_up)

    assert not allowance.commit([0, 1, 2], 4, NOW)
    assert [allowance.remaining_micros(account, NOW) for account in range(3)] == [10, 3, None]
    assert allowance.commit([2], 10**12, NOW)
    assert reported.calls == []


def resting(reported: AccountRecorder, per_minute: tuple[int, ...] = (60, 30), budget: int = NO_LIMIT) -> Allowance:
    """The allowance of campaigns with a burst of one bid of 60 micros. They rest after a bid."""
    number = len(per_minute)
    return Allowance(
        array("q", [budget] * number),
        lambda _: 60,
        reported.used_up,
        reported.restored,
        (array("q", [60] * number), array("q", per_minute)),
        NOW,
    )


def test_each_campaign_is_restored_by_its_own_pace() -> None:
    reported = AccountRecorder()
    allowance = resting(reported, (60, 30, 40))
    allowance.restore_resting_accounts(NOW + timedelta(days=1))
    for account in (1, 0, 2):
        assert allowance.commit([account], 60, NOW)
    assert reported.used == {0, 1, 2}

    for seconds, used in ((59, {0, 1, 2}), (60, {1, 2}), (89, {1, 2}), (90, {1}), (119, {1}), (120, set())):
        allowance.restore_resting_accounts(NOW + timedelta(seconds=seconds))
        assert reported.used == used
    allowance.restore_resting_accounts(NOW + timedelta(days=1))
    assert reported.calls[3:] == [("restored", 0), ("restored", 2), ("restored", 1)], "each is reported once"


def test_a_campaign_rests_until_its_pace_allows_a_whole_bid() -> None:
    reported = AccountRecorder()
    allowance = resting(reported, (60,))

    assert allowance.commit([0], 15, NOW)
    allowance.restore_resting_accounts(NOW + timedelta(seconds=14.9))
    assert reported.used == {0}
    allowance.restore_resting_accounts(NOW + timedelta(seconds=15))
    assert reported.used == set()


@pytest.mark.parametrize(("missing", "wakes"), [(1, True), (1_439, True), (1_440, False)])
def test_a_campaign_with_a_very_slow_pace_rests_until_the_next_refresh(missing: int, wakes: bool) -> None:
    reported = AccountRecorder()
    paces = (array("q", [2_000]), array("q", [1]))
    allowance = Allowance(array("q", [NO_LIMIT]), lambda _: 2_000, reported.used_up, reported.restored, paces, NOW)
    assert allowance.commit([0], missing, NOW)
    assert reported.used == {0}

    allowance.restore_resting_accounts(NOW + timedelta(days=2))

    assert (reported.used == set()) == wakes


def test_a_campaign_without_a_pace_does_not_rest_beside_a_paced_campaign() -> None:
    reported = AccountRecorder()
    paces = (array("q", [60, NO_LIMIT]), array("q", [60, NO_LIMIT]))
    allowance = Allowance(array("q", [1_000, 1_000]), lambda _: 60, reported.used_up, reported.restored, paces, NOW)

    assert allowance.commit([0, 1], 60, NOW)

    assert reported.used == {0}


def test_without_a_pace_only_the_budget_limits() -> None:
    assert Allowance(array("q", [5]), lambda _: 1, lambda _: None, as_of=NOW).remaining_micros(0, NOW) == 5


def test_a_campaign_with_enough_burst_for_another_bid_does_not_rest() -> None:
    reported = AccountRecorder()
    allowance = resting(reported, (60,))
    assert allowance.commit([0], 60, NOW + timedelta(minutes=1))

    assert reported.calls == []


def test_a_campaign_without_a_rate_rests_until_the_next_refresh() -> None:
    reported = AccountRecorder()
    allowance = resting(reported, (0,))
    assert allowance.commit([0], 60, NOW)

    allowance.restore_resting_accounts(NOW + timedelta(days=10_000))

    assert reported.used == {0}


@pytest.mark.parametrize(("budget", "is_restored"), [(NO_LIMIT, True), (120, True), (119, False), (60, False)])
def test_a_campaign_is_restored_only_if_its_budget_can_pay_for_a_bid(budget: int, is_restored: bool) -> None:
    reported = AccountRecorder()
    allowance = resting(reported, (60,), budget)
    assert allowance.commit([0], 60, NOW)

    allowance.restore_resting_accounts(NOW + timedelta(minutes=1))

    assert (reported.used == set()) == is_restored


def test_a_copy_of_an_allowance_is_independent() -> None:
    reported, other = AccountRecorder(), AccountRecorder()
    allowance = resting(reported, (60,), 1_000)
    copy = allowance.copy(other.used_up, other.restored)

    assert allowance.commit([0], 60, NOW)

    assert copy.remaining_micros(0, NOW) == 60
    assert (reported.used, other.used) == ({0}, set())
    assert copy.commit([0], 60, NOW)
    copy.restore_resting_accounts(NOW + timedelta(minutes=1))
    assert other.calls == [("used up", 0), ("restored", 0)]


def test_an_allowance_has_paces_if_any_account_has_one() -> None:
    assert resting(AccountRecorder()).has_paces
    assert not Allowance(array("q", [1]), lambda _: 1, lambda _: None).has_paces


def test_the_planned_spend_of_an_hour_excludes_the_headroom_of_the_pace() -> None:
    assert resting(AccountRecorder(), (60,)).hourly_plan_micros(0) == 60 * 60 / HEADROOM == 2400
    assert Allowance(array("q", [1]), lambda _: 1, lambda _: None).hourly_plan_micros(0) is None
    unpaced = (array("q", [NO_LIMIT]), array("q", [0]))
    assert Allowance(array("q", [1]), lambda _: 1, lambda _: None, paces=unpaced).hourly_plan_micros(0) is None
