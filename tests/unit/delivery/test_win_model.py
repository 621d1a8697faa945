"""The win model compared with the likelihood that it maximises, and with sums of outcomes by hand."""

from math import exp, log

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bidder.delivery.price_segment import ALL_AUCTIONS, PriceSegment
from bidder.delivery.win_model import (
    BINS_A_FOLD,
    MIN_OUTCOMES,
    OutcomeBatch,
    Outcomes,
    WinModel,
    fit_models,
    price_bin,
)

counts = st.dictionaries(st.integers(270, 310), st.integers(0, 50), max_size=6)
outcomes = st.builds(Outcomes, counts, counts, counts)
PRIOR_SLOPE = 3.0


def cpm(price: int) -> float:
    return exp(price / BINS_A_FOLD) / 1e6


def likelihood(model: WinModel, known: Outcomes, around: WinModel | None) -> float:
    """The log-likelihood of the outcomes plus the log-prior, by the definition in `win_model`."""
    everything = [
        (log(cpm(price)), count * times)
        for counted, times in ((known.wins, 1), (known.losses, 1), (known.exact, 2))
        for price, count in counted.items()
    ]
    centre = sum(x * count for x, count in everything) / max(1.0, sum(count for _, count in everything))
    level = model.level + model.slope * centre
    result = -0.25 * (model.slope - (around.slope if around else PRIOR_SLOPE)) ** 2
    if around:
        result -= 0.5 * (level - around.level - around.slope * centre) ** 2
    for price, count in known.wins.items():
        result += count * log(model.win_rate(cpm(price)))
    for price, count in known.losses.items():
        result += count * log(1 - model.win_rate(cpm(price)))
    for price, count in known.exact.items():
        rate = model.win_rate(cpm(price))
        result += count * log(model.slope * rate * (1 - rate))
    return result


@given(outcomes, st.builds(WinModel, st.floats(-3, 3), st.floats(1, 8)))
def test_a_fitted_model_is_a_maximum_of_the_likelihood(known: Outcomes, around: WinModel) -> None:
    fitted = known.fit(around)
    assume(0.1 < fitted.slope < 40)
    best = likelihood(fitted, known, around)

    for level, slope in ((0.02, 0), (-0.02, 0), (0, 0.02), (0, -0.02), (0.02, -0.02), (-0.02, 0.02)):
        other = WinModel(fitted.level + level, max(0.1, fitted.slope + slope))
        assert likelihood(other, known, around) <= best + 1e-4


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 400), st.integers(1, 400))
def test_a_model_without_a_parent_segment_uses_only_its_outcomes(
    won: int, lost: int, won_dearer: int, lost_dearer: int
) -> None:
    known = Outcomes({280: won, 300: won_dearer}, {280: lost, 300: lost_dearer})
    fitted = known.fit()
    assume(fitted.slope > 0.1)

    # at the maximum of the likelihood, the expected number of wins equals the observed number
    expected = sum((known.wins[price] + known.losses[price]) * fitted.win_rate(cpm(price)) for price in (280, 300))
    assert expected == pytest.approx(won + won_dearer, rel=1e-3)
    for slope in (0.05, -0.05):
        turned = WinModel(fitted.level - slope * log(cpm(290)), max(0.1, fitted.slope + slope))
        assert likelihood(turned, known, None) <= likelihood(fitted, known, None) + 1e-3


def test_a_slope_has_bounds() -> None:
    steep = Outcomes({291: 10**9}, {290: 10**9}).fit()
    falling = Outcomes({270: 10**6}, {310: 10**6}).fit()

    assert steep.slope == pytest.approx(40.0)
    assert falling.slope == pytest.approx(0.1)


@given(st.floats(-50, 50), st.floats(0.1, 40), st.floats(0.001, 1000))
def test_a_win_rate_is_the_log_logistic_curve(level: float, slope: float, price: float) -> None:
    odds = level + slope * log(price)

    assert WinModel(level, slope).win_rate(price) == pytest.approx(1 / (1 + exp(-odds)) if odds > -700 else 0.0)


def test_a_bid_of_zero_never_wins() -> None:
    model = WinModel(0.0, 40.0)

    assert (model.win_rate(0.0), model.win_rate(-1.0), model.win_rate(1e-9)) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("level", [-4.0, 0.0, 3.0])
@pytest.mark.parametrize("slope", [0.5, 2.0, 12.0])
def test_the_best_bid_is_exact_to_a_millionth_of_the_value(level: float, slope: float) -> None:
    model, value = WinModel(level, slope), 8.0
    best = model.best_bid(value)

    # at the best bid another micro costs as much as it gains
    assert (value - best) * slope * (1 - model.win_rate(best)) == pytest.approx(best, rel=1e-5)


def test_prices_have_twenty_bins_per_factor_of_e() -> None:
    assert price_bin(1_000_000) == round(20 * log(1_000_000)) == 276
    assert [price_bin(micros) for micros in (0, 1, 2)] == [0, 0, 14]
    assert price_bin(round(1_000_000 * exp(1))) == 296


def test_an_outcome_is_a_win_a_loss_or_the_known_price_to_beat() -> None:
    known = Outcomes()
    known.add(1_000_000, is_won=True)
    known.add(1_000_000, is_won=True, to_win_micros=0)
    known.add(2_000_000, is_won=False)
    known.add(3_000_000, is_won=True, to_win_micros=1_500_000)
    known.add(3_000_000, is_won=False, to_win_micros=4_000_000)

    assert known.wins == {price_bin(1_000_000): 2}
    assert known.losses == {price_bin(2_000_000): 1}
    assert known.exact == {price_bin(1_500_000): 1, price_bin(4_000_000): 1}
    assert known.total == 5
    other = Outcomes()
    other.merge(known, 0.5)
    other.merge(known)
    assert (other.wins, other.total) == ({price_bin(1_000_000): 3.0}, 7.5)


@pytest.mark.parametrize(
    ("wins", "losses", "exact", "tells"),
    [
        ({1: MIN_OUTCOMES}, {2: MIN_OUTCOMES}, {}, True),
        ({1: MIN_OUTCOMES - 1}, {2: MIN_OUTCOMES}, {}, False),
        ({1: MIN_OUTCOMES}, {2: MIN_OUTCOMES - 1}, {}, False),
        ({1: MIN_OUTCOMES}, {1: MIN_OUTCOMES}, {}, False),
        ({1: MIN_OUTCOMES}, {1: MIN_OUTCOMES - 1}, {2: 1}, True),
        ({}, {}, {1: MIN_OUTCOMES, 2: 1}, True),
        ({}, {}, {1: MIN_OUTCOMES * 2}, False),
        ({1: 20}, {1: 20}, {2: MIN_OUTCOMES - 20}, True),
        ({1: 20}, {1: 20}, {2: MIN_OUTCOMES - 21}, False),
    ],
)
def test_the_model_of_all_auctions_needs_sixty_wins_and_losses_at_two_prices(
    wins: dict[int, float], losses: dict[int, float], exact: dict[int, float], tells: bool
) -> None:
    assert Outcomes(wins, losses, exact).has_enough == tells


LEAF = PriceSegment("a", 1, 2, 3)
MANY = Outcomes({280: 300, 300: 200}, {280: 200, 290: 300})


def fit_of(*weighted: tuple[Outcomes, float], around: WinModel | None = None) -> WinModel:
    merged = Outcomes()
    for known, weight in weighted:
        merged.merge(known, weight)
    return merged.fit(around)


@pytest.mark.parametrize(("age", "of_hour", "of_others"), [(0, 1.0, 1.0), (3, 1.0, 0.5), (6, 1.0, 0.25), (23, 1.0, 0)])
def test_old_outcomes_have_less_weight_outside_their_hour_of_the_day(
    age: int, of_hour: float, of_others: float
) -> None:
    late = Outcomes({310: 400}, {310: 100})
    win_models = fit_models([OutcomeBatch(LEAF, 0, MANY), OutcomeBatch(LEAF, age, late)], {3})

    others = of_others or 0.5 ** (23 / 3)
    everything = fit_of((MANY, 1.0), (late, others))
    around = everything
    assert win_models[ALL_AUCTIONS] == pytest.approx(everything)
    for name in ("a", "a|1", "a|1|2"):
        around = fit_of((MANY, 1.0), (late, others), around=around)
        assert win_models[name] == pytest.approx(around)
    assert win_models["a|1|2|03"] == pytest.approx(fit_of((MANY, 1.0), (late, of_hour), around=around))


@pytest.mark.parametrize(("age", "weight"), [(23, 1.0), (24, 0.5), (47, 0.5)])
def test_outcomes_of_yesterday_have_half_weight_in_their_hour_of_the_day(age: int, weight: float) -> None:
    late = Outcomes({310: 400}, {310: 100})
    win_models = fit_models([OutcomeBatch(LEAF, 0, MANY), OutcomeBatch(LEAF, age, late)], {3})

    assert win_models["a|1|2|03"] == pytest.approx(fit_of((MANY, 1.0), (late, weight), around=win_models["a|1|2"]))


def test_outcomes_with_a_future_time_count_as_current() -> None:
    assert fit_models([OutcomeBatch(LEAF, -5, MANY)]) == fit_models([OutcomeBatch(LEAF, 0, MANY)])


def test_segments_without_an_hour_have_no_model_of_an_hour() -> None:
    whole = LEAF._replace(hour=None)

    assert set(fit_models([OutcomeBatch(whole, 0, MANY)], {3})) == {ALL_AUCTIONS, "a", "a|1"}


@pytest.mark.parametrize(("exchanges", "fitted"), [(127, 255), (128, 256), (140, 256)])
def test_a_snapshot_has_the_models_of_256_segments_with_the_most_outcomes(exchanges: int, fitted: int) -> None:
    # an exchange and its auctions without a placement are two segments
    batches = [
        OutcomeBatch(PriceSegment(f"e{number:03}", 0, 0, None), 0, Outcomes({280: 60 + number}, {290: 60}))
        for number in range(exchanges)
    ]
    win_models = fit_models(batches)

    assert len(win_models) == fitted
    assert f"e{exchanges - 1:03}" in win_models
    assert ("e000" in win_models) == (exchanges < 140)
