"""The recent minutes of a campaign and its learned rates, compared with calculations by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.estimates import MINUTE, Flow, Minute, Ratio, Report
from bidder.delivery.notice_delay import NoticeDelay

START = 1_772_409_600
DELAY = NoticeDelay([0.0, 10.0])
"""A delay distribution: some notices arrive within a minute of their bids, and more in the next minute."""
HORIZON = 5


def starts(flow: Flow) -> list[int]:
    return [(minute.start - START) // MINUTE for minute in flow.minutes]


def test_the_first_refresh_adds_the_minute_before() -> None:
    flow = Flow()
    flow.begin(START + 30, 0.5, HORIZON)

    assert flow.minutes == [Minute(START - MINUTE, 0.5)]


def test_each_refresh_adds_the_whole_minutes_since_the_last_with_their_participation() -> None:
    flow = Flow()
    flow.begin(START, 0.5, HORIZON)
    flow.begin(START + 59, 0.6, HORIZON)
    flow.begin(START + 3 * MINUTE, 0.7, HORIZON)

    assert starts(flow) == [-1, 0, 1, 2]
    assert [minute.participation for minute in flow.minutes] == [0.5, 0.7, 0.7, 0.7]


def test_a_refresh_after_a_long_gap_adds_the_last_two_hours() -> None:
    flow = Flow(minutes=[Minute(START - 10_000 * MINUTE, 0.5)])
    added: list[int] = []

    class Minutes(list[Minute]):
        def append(self, minute: Minute) -> None:
            added.append((minute.start - START) // MINUTE)
            super().append(minute)

    flow.minutes = Minutes(flow.minutes)
    flow.begin(START, 0.5, HORIZON)

    assert added == list(range(-120, 0))


@pytest.mark.parametrize(
    ("opportunities", "kept_count"),
    [
        (0, 64),
        (10, 64),
        (100, HORIZON + 5 + 30),
        (1_000, HORIZON + 5 + 3),
        (2_999, HORIZON + 5 + 2),
        (3_000, HORIZON + 5 + 1),
    ],
)
def test_minutes_are_kept_until_their_notices_arrive_and_for_enough_opportunities(
    opportunities: int, kept_count: int
) -> None:
    flow = Flow(minutes=[Minute(START + n * MINUTE, 1.0, opportunities, 0) for n in range(100)])
    flow.begin(START + 100 * MINUTE, 1.0, HORIZON)

    assert starts(flow) == list(range(100 - kept_count, 100))


@pytest.mark.parametrize("quiet", [0, None])
def test_minutes_without_requests_do_not_change_the_traffic_estimate(quiet: int | None) -> None:
    flow = Flow(minutes=[Minute(START + n * MINUTE, 1.0, quiet, quiet) for n in range(100)])
    flow.minutes[99 - HORIZON - 5].opportunities = 2_999
    flow.begin(START + 100 * MINUTE, 1.0, HORIZON)

    assert len(flow.minutes) == 64


def test_minutes_without_counts_are_kept_as_long_as_those_without_requests() -> None:
    flow = Flow(minutes=[Minute(START + n * MINUTE, 1.0) for n in range(100)])
    flow.begin(START + 100 * MINUTE, 1.0, HORIZON)

    assert len(flow.minutes) == 64


def test_later_counts_of_a_minute_replace_earlier_ones() -> None:
    flow = Flow(minutes=[Minute(START, 1.0)])
    flow.take({START: Report(10, 4)}, START + 61)
    assert (flow.minutes[0].opportunities, flow.minutes[0].bids) == (10, 4)
    flow.take({START: Report(12, 5)}, START + 90)
    assert (flow.minutes[0].opportunities, flow.minutes[0].bids) == (12, 5)
    flow.take({}, START + 600)
    assert (flow.minutes[0].opportunities, flow.minutes[0].bids) == (12, 5)


@pytest.mark.parametrize(("age", "bids"), [(240, None), (241, 0)])
def test_a_minute_without_a_report_after_three_minutes_counts_as_without_requests(age: int, bids: int | None) -> None:
    flow = Flow(minutes=[Minute(START, 1.0)])
    flow.take({}, START + age)

    assert flow.minutes[0].bids == flow.minutes[0].opportunities == bids


def test_an_unreported_minute_before_a_late_refresh_counts_as_without_requests() -> None:
    flow = Flow(minutes=[Minute(START + n * MINUTE, 1.0, 0, 0) for n in range(3)])
    flow.minutes[0].bids = flow.minutes[0].opportunities = None
    flow.take({}, START + 9 * MINUTE)

    assert flow.minutes[0].bids == 0


@pytest.mark.parametrize(("age", "bids"), [(600, 9), (601, 4)])
def test_counts_of_minutes_older_than_ten_minutes_are_final(age: int, bids: int) -> None:
    flow = Flow(minutes=[Minute(START, 1.0, 10, 4), Minute(START + MINUTE, 1.0, 10, 5)])
    flow.take({START: Report(20, 9)}, START + MINUTE + age)

    assert flow.minutes[0].bids == bids


def test_a_minute_without_requests_does_not_change_the_bid_rate() -> None:
    flow = Flow(minutes=[Minute(START, 1.0)])
    flow.take({START: Report(0, 0)}, START + 600)

    assert flow.bids_per_opportunity == Ratio(0.0, 0.0)


def test_the_first_counts_of_an_old_minute_are_accepted() -> None:
    flow = Flow(minutes=[Minute(START, 1.0)])
    flow.take({START: Report(10, 4)}, START + 30 * MINUTE)

    assert flow.minutes[0].bids == 4


def test_a_minute_counts_once_in_the_share_of_opportunities_that_are_bid_on() -> None:
    flow = Flow(minutes=[Minute(START, 0.5), Minute(START + MINUTE, 1.0)])
    reports = {START: Report(100, 40), START + MINUTE: Report(10, 9)}

    flow.take(reports, START + 240)
    assert flow.bids_per_opportunity == Ratio(0.0, 0.0)
    flow.take(reports, START + 241)
    assert flow.bids_per_opportunity == Ratio(40.0, 50.0)
    flow.take(reports, START + 241)
    assert flow.bids_per_opportunity == Ratio(40.0, 50.0)
    flow.take(reports, START + 400)
    assert flow.bids_per_opportunity == Ratio(49.0, 60.0)


@pytest.mark.parametrize(("bids", "known"), [(600, Ratio(600.0, 1000.0)), (601, Ratio(540.9, 900.0))])
def test_above_six_hundred_bids_older_bids_have_less_weight(bids: int, known: Ratio) -> None:
    flow = Flow(minutes=[Minute(START, 1.0)])
    flow.take({START: Report(1000, bids)}, START + 600)

    assert flow.bids_per_opportunity.above == pytest.approx(known.above)
    assert flow.bids_per_opportunity.below == pytest.approx(known.below)


@given(st.floats(-10, 1000), st.floats(-10, 1000), st.floats(0, 1), st.floats(1, 100))
def test_a_ratio_is_shrunk_towards_its_prior(above: float, below: float, prior: float, strength: float) -> None:
    shrunk = Ratio(above, below).value(prior, strength)

    assert shrunk == pytest.approx((max(above, 0) + prior * strength) / (max(below, 0) + strength))


def test_the_average_price_has_a_memory_of_fifty_impressions() -> None:
    flow = Flow()
    flow.learn(40_000.0, 40.0, 80.0)
    assert flow.micros_per_impression == Ratio(40_000.0, 40.0)
    flow.learn(120_000.0, 60.0, 120.0)
    assert flow.micros_per_impression.below == pytest.approx(50)
    assert flow.micros_per_impression.above == pytest.approx(160_000 / 2)


@pytest.mark.parametrize(
    ("known", "impressions", "weight"),
    [
        (0.0, 200.0, 1.0),
        (199.0, 1.0, 1.0),
        (200.0, 20.0, 200 / 220),
        (0.0, 1_000.0, 1.0),
        (300.0, 100.0, 1.0),
        (1_000.0, 100.0, 500 / 1_100),
    ],
)
def test_outcomes_have_a_memory_of_two_hundred_impressions_or_five_refreshes(
    known: float, impressions: float, weight: float
) -> None:
    flow = Flow(minutes=[Minute(START, 1.0, learned=8.0)], impressions_per_bid=Ratio(known, 2 * known))
    flow.learn(0.0, impressions, 2 * impressions)

    assert flow.impressions_per_bid.above == pytest.approx(weight * (known + impressions))
    assert flow.impressions_per_bid.below == pytest.approx(weight * 2 * (known + impressions))
    assert flow.minutes[0].learned == pytest.approx(8 * weight)


def test_a_refresh_without_impressions_keeps_all_outcomes() -> None:
    flow = Flow(impressions_per_bid=Ratio(1_000.0, 2_000.0))
    flow.learn(0.0, 0.0, 10.0)

    assert flow.impressions_per_bid == Ratio(1_000.0, 2_010.0)


def test_an_edited_price_reduces_the_learned_outcomes_to_five_impressions() -> None:
    flow = Flow([Minute(START, 1.0, learned=8.0)], Ratio(600.0, 3.0), Ratio(50.0, 100.0), Ratio(9.0, 10.0))
    flow.reprice(2.0)

    assert flow.micros_per_impression == Ratio(1_200.0, 3.0)
    assert (flow.impressions_per_bid.above, flow.impressions_per_bid.below) == pytest.approx((5.0, 10.0))
    assert flow.minutes[0].learned == pytest.approx(0.8)
    assert flow.bids_per_opportunity == Ratio(9.0, 10.0)
    few = Flow(impressions_per_bid=Ratio(4.0, 100.0))
    few.reprice(0.5)
    assert few.impressions_per_bid == Ratio(4.0, 100.0)


def share_noticed(minute: int, now: int) -> float:
    return DELAY.noticed_share(START + minute * MINUTE, now)


def test_bids_in_flight_are_bids_whose_notices_are_outstanding() -> None:
    minutes = [Minute(START, 0.5, 100, 40), Minute(START + MINUTE, 0.5, 10, 0), Minute(START + 2 * MINUTE, 0.5)]
    now = START + 3 * MINUTE + 15

    in_flight = Flow(minutes=minutes).bids_in_flight(now, DELAY, 60.0)

    assert in_flight == pytest.approx(40 * (1 - share_noticed(0, now)) + 30 * (1 - share_noticed(2, now)))


def test_the_latest_minute_is_assumed_to_have_the_expected_bids() -> None:
    flow = Flow(minutes=[Minute(START, 0.5, 100, 40), Minute(START + MINUTE, 0.5)])
    now = START + 2 * MINUTE + 15

    assert flow.take_matured(now, DELAY, 60.0) == pytest.approx(40 * share_noticed(0, now) + 30 * share_noticed(1, now))
    assert flow.take_matured(now, DELAY, 60.0) == pytest.approx(0)
    later_time = now + MINUTE
    flow.minutes[1].opportunities = flow.minutes[1].bids = 10
    gained = (
        40 * (share_noticed(0, later_time) - share_noticed(0, now))
        + 10 * share_noticed(1, later_time)
        - 30 * share_noticed(1, now)
    )
    assert flow.take_matured(later_time, DELAY, 60.0) == pytest.approx(gained)


def test_the_only_minute_of_a_campaign_is_assumed_to_have_bids() -> None:
    assert Flow(minutes=[Minute(START, 0.5)]).take_matured(START + 75, DELAY, 60.0) == pytest.approx(
        30 * share_noticed(0, START + 75)
    )


def test_only_the_latest_minute_gets_assumed_bids() -> None:
    minutes = [Minute(START + n * MINUTE, 1.0, count, count) for n, count in enumerate((10, 20))]
    flow = Flow(minutes=[*minutes, Minute(START + 2 * MINUTE, 1.0)])
    now = START + 4 * MINUTE

    gained = 10 * share_noticed(0, now) + 20 * share_noticed(1, now) + 60 * share_noticed(2, now)
    assert flow.take_matured(now, DELAY, 60.0) == pytest.approx(gained)


@pytest.mark.parametrize("before", [Minute(START, 1.0, 0, 0), Minute(START, 1.0)])
def test_the_minute_after_one_without_requests_is_assumed_to_have_no_bids(before: Minute) -> None:
    flow = Flow(minutes=[before, Minute(START + MINUTE, 1.0)])

    assert flow.take_matured(START + 10 * MINUTE, DELAY, 60.0) == 0


def test_an_older_minute_without_counts_is_an_outage_until_counts_arrive() -> None:
    flow = Flow(minutes=[Minute(START, 1.0), Minute(START + MINUTE, 1.0, 10, 10)])
    now = START + 2 * MINUTE

    assert flow.take_matured(now, DELAY, 60.0) == pytest.approx(10 * share_noticed(1, now))


def test_a_campaign_without_minutes_has_no_bids_in_flight() -> None:
    assert Flow().take_matured(START, DELAY, 60.0) == Flow().bids_in_flight(START, DELAY, 60.0) == 0


def known(counts: list[int | None], usual: float = 7.0, seconds: int = 30) -> list[int | None]:
    """The minutes of the window in descending order."""
    minutes = [Minute(START + n * MINUTE, 1.0, count, count) for n, count in enumerate(counts)]
    window = Flow(minutes=minutes).window(START + len(counts) * MINUTE + seconds, lambda _: usual)
    return [minute.opportunities for minute in window]


def test_a_minute_is_complete_half_a_minute_after_its_end() -> None:
    assert known([100, 90], seconds=29) == [100]
    assert known([100, 90], seconds=30) == [90, 100]
    assert known([100, None]) == [100]


def test_a_minute_without_requests_is_skipped_if_five_were_expected() -> None:
    assert known([100, 0, 100], usual=5.0) == [100, 100]
    assert known([3, 0, 3], usual=4.9) == [3, 0, 3]


@pytest.mark.parametrize(("earlier", "is_same"), [(300, True), (361, True), (362, False), (239, True), (238, False)])
def test_traffic_has_changed_if_a_minute_differs_by_more_than_two_and_a_half_deviations(
    earlier: int, is_same: bool
) -> None:
    # 300 counts and 300 expected: the standard deviation is the square root of 600
    assert (len(known([earlier, 300])) == 2) == is_same


@pytest.mark.parametrize(("earlier", "is_same"), [(525, True), (526, False), (375, True), (374, False)])
def test_traffic_at_the_bound_is_unchanged(earlier: int, is_same: bool) -> None:
    # 450 counts and 450 expected: the standard deviation is 30
    assert (len(known([earlier, 450])) == 2) == is_same


def test_minutes_before_a_change_of_traffic_are_not_used() -> None:
    assert known([100, 1_000, 100]) == [100]


@pytest.mark.parametrize(("earlier", "is_same"), [(75, True), (76, False), (5, True), (4, False)])
def test_with_few_later_counts_four_deviations_are_no_change_of_traffic(earlier: int, is_same: bool) -> None:
    # 40 counts and 40 expected: the standard deviation is the square root of 80
    assert (len(known([earlier, 40])) == 2) == is_same


def test_below_thirty_counts_traffic_never_counts_as_changed() -> None:
    assert known([10_000, 29]) == [29, 10_000]
    assert known([10_000, 30]) == [30]


def test_after_three_thousand_counts_no_earlier_minute_is_used() -> None:
    assert known([1_500, 1_500, 1_500]) == [1_500, 1_500]
    assert known([1_499, 1_499, 1_500]) == [1_500, 1_499, 1_499]


def test_earlier_minutes_are_compared_with_their_forecasts() -> None:
    minutes = [Minute(START, 1.0, 3_000, 0), Minute(START + MINUTE, 1.0, 300, 0)]
    window = Flow(minutes=minutes).window(START + 3 * MINUTE, lambda minute: 100.0 if minute.start == START else 10.0)

    assert len(window) == 2
