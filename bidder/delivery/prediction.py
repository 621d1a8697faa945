"""Predicts the probability of a view, a completion or a click of an impression, from counts.

Each rate is a beta-binomial mean with the rate of the next level as its prior. The prior of a creative is the rate of
its campaign. The prior of a campaign is the rate of the account. The prior of the account is in `GUESSES`. With `n`
impressions, `k` outcomes, and a prior rate `p` of the weight of `w` impressions, the rate is `(k + w * p) / (n + w)`.
So a campaign without counts has the rate of the account, and no rate exceeds 1.

Rates are whole millionths, rounded down at each level; `docs/pricing.md` has an example.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bidder.campaigns.goal import Outcome
from bidder.delivery.outcome_counts import OutcomeCounts

CERTAIN = 1_000_000
"""A rate of 1, in millionths."""


class Guess(NamedTuple):
    """The prior of an outcome: the account's rate in millionths, and the weight of any prior in impressions."""

    rate: int
    weight: int


GUESSES: Mapping[Outcome, Guess] = {
    Outcome.VIEW: Guess(600_000, 200),
    Outcome.COMPLETION: Guess(500_000, 200),
    Outcome.CLICK: Guess(1_000, 10_000),
}
"""Assumed rates, not measured. They are low, since a campaign that bids too little still learns its rate.

Rare outcomes have a large weight: 10,000 impressions bring about ten clicks.
"""


class Prediction(NamedTuple):
    """A rate in millionths, and its weight in impressions: the mean and the size of a beta distribution."""

    rate: int
    weight: int


def account_rates(counts: Iterable[OutcomeCounts]) -> dict[Outcome, int]:
    """The rates of the whole account in millionths. A new campaign starts with these rates."""
    account_counts = total(counts)
    return {outcome: predict(outcome, account_counts, guess.rate).rate for outcome, guess in GUESSES.items()}


def predict(outcome: Outcome, counts: OutcomeCounts, prior_rate: int) -> Prediction:
    """The prediction from counts and `prior_rate`, the rate one level up in millionths. It is at least 1 millionth."""
    weight = GUESSES[outcome].weight
    impressions = max(counts.impressions, 0)
    # the event of an impression may arrive after its click, or never
    outcomes = max(0, min(_count(outcome, counts), impressions))
    rate = (outcomes * CERTAIN + weight * prior_rate) // (impressions + weight)
    return Prediction(max(1, rate), impressions + weight)


def total(counts: Iterable[OutcomeCounts]) -> OutcomeCounts:
    """The sum of the counts."""
    return OutcomeCounts(*map(sum, zip(OutcomeCounts(), *counts, strict=True)))


def _count(outcome: Outcome, counts: OutcomeCounts) -> int:
    return {Outcome.VIEW: counts.views, Outcome.COMPLETION: counts.completes, Outcome.CLICK: counts.clicks}[outcome]
