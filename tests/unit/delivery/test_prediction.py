from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.goal import Outcome
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.prediction import CERTAIN, GUESSES, account_rates, predict, total
from bidder.snapshot.predictions import pack_predictions, unpack_predictions

numbers = st.integers(0, 10**9)
anything = st.builds(OutcomeCounts, *[numbers] * 4)
outcomes = st.sampled_from(Outcome)
rates = st.integers(1, CERTAIN)


@given(outcomes, anything, rates)
def test_a_rate_is_between_the_counted_rate_and_its_prior(outcome: Outcome, counts: OutcomeCounts, above: int) -> None:
    number = {Outcome.VIEW: counts.views, Outcome.COMPLETION: counts.completes, Outcome.CLICK: counts.clicks}[outcome]
    own = Fraction(min(number, counts.impressions), counts.impressions) * CERTAIN if counts.impressions else above

    rate = predict(outcome, counts, above).rate

    assert max(1, int(min(own, above))) <= rate <= max(own, above)


@given(outcomes, st.integers(0, 1_000_000), rates)
def test_many_impressions_outweigh_the_prior(outcome: Outcome, outcome_count: int, above: int) -> None:
    counts = OutcomeCounts(10**9, outcome_count * 1000, outcome_count * 1000, outcome_count * 1000)

    assert abs(predict(outcome, counts, above).rate - outcome_count) <= 1 + GUESSES[outcome].weight * CERTAIN // 10**9


@given(outcomes, rates)
def test_a_rate_without_counts_is_its_prior(outcome: Outcome, above: int) -> None:
    assert predict(outcome, OutcomeCounts(), above) == (above, GUESSES[outcome].weight)


@given(outcomes, st.integers(0, 100), rates)
def test_another_completion_never_lowers_a_rate(outcome: Outcome, outcome_count: int, above: int) -> None:
    fewer, more = (
        predict(outcome, OutcomeCounts(100, n, n, n), above).rate for n in (outcome_count, outcome_count + 1)
    )

    assert fewer <= more


def test_the_delivery_state_predicts_the_same_rates_as_the_counts() -> None:
    counts = {
        ("shoes", "a"): OutcomeCounts(1000, 900, 800, 10),
        ("shoes", "b"): OutcomeCounts(3000, 900, 600, 0),
        ("cars", "c"): OutcomeCounts(10**6, 10**6, 10**6, 0),
    }
    account = account_rates(counts.values())
    shoes = predict(
        Outcome.COMPLETION, total([counts["shoes", "a"], counts["shoes", "b"]]), account[Outcome.COMPLETION]
    )

    unpacked = unpack_predictions(pack_predictions(counts, ["shoes", "unheard of"]))

    assert unpacked.predict_creative("shoes", "a", Outcome.COMPLETION) == predict(
        Outcome.COMPLETION, counts["shoes", "a"], shoes.rate
    )
    assert unpacked.predict_creative("shoes", "new", Outcome.COMPLETION).rate == shoes.rate
    # a campaign with a fixed CPM uses no prediction
    assert unpacked.predict_creative("cars", "c", Outcome.COMPLETION).rate == account[Outcome.COMPLETION]
    assert unpacked.predict_creative("new", "new", Outcome.CLICK).rate == account[Outcome.CLICK]


def test_a_delivery_state_of_older_code_predicts_by_priors() -> None:
    assert unpack_predictions(None).predict_creative("any", "any", Outcome.CLICK).rate == GUESSES[Outcome.CLICK].rate


def test_the_example_in_the_documentation_is_exact() -> None:
    account = account_rates([OutcomeCounts(9_800, 0, 6_900, 0)])[Outcome.COMPLETION]
    campaign = predict(Outcome.COMPLETION, OutcomeCounts(1_800, 0, 1_450, 0), account)
    creative = predict(Outcome.COMPLETION, OutcomeCounts(300, 0, 270, 0), campaign.rate)

    assert (account, campaign, creative) == (700_000, (795_000, 2_000), (858_000, 500))


def test_an_account_without_counts_predicts_the_documented_priors() -> None:
    assert account_rates([]) == {Outcome.VIEW: 600_000, Outcome.COMPLETION: 500_000, Outcome.CLICK: 1_000}
    weights = {outcome: predict(outcome, OutcomeCounts(), 1).weight for outcome in Outcome}
    assert weights == {Outcome.VIEW: 200, Outcome.COMPLETION: 200, Outcome.CLICK: 10_000}
