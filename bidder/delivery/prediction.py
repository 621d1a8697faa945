"""How likely an impression brings a view, a completion or a click: a small model, from counts.

Each rate is a beta-binomial mean that is drawn towards what is known one level up: a creative's towards its campaign's,
the campaign's towards the account's, the account's towards `GUESSES`. With `n` impressions of its own, `k` of them with
the outcome, and a rate `p` one level up that counts as much as `w` impressions, it is `(k + w * p) / (n + w)`. So a
campaign without counts has the account's rate, and no count, however odd, makes a rate of more than 1.

Rates are whole millionths, rounded down at each level; `docs/pricing.md` has an example.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bidder.campaigns.goal import Outcome
from bidder.delivery.outcome_counts import OutcomeCounts

CERTAIN = 1_000_000
"""A rate of 1, in millionths."""


class Guess(NamedTuple):
    """A rate in millionths, and how many impressions it takes to outweigh what is known one level up."""

    rate: int
    weight: int


GUESSES: Mapping[Outcome, Guess] = {
    Outcome.VIEW: Guess(600_000, 200),
    Outcome.COMPLETION: Guess(500_000, 200),
    Outcome.CLICK: Guess(1_000, 10_000),
}
"""Assumed, not measured, and rather low: who bids too little still learns. The rarer the outcome, the more impressions
until a count says something: 10,000 bring about ten clicks."""


class Prediction(NamedTuple):
    """A rate in millionths and the weight of what it rests on, in impressions: a beta distribution by its mean."""

    rate: int
    weight: int


def account_rates(counts: Iterable[OutcomeCounts]) -> dict[Outcome, int]:
    """The rates of all impressions of the account: what a new campaign starts from."""
    everything = total(counts)
    return {outcome: predict(outcome, everything, guess.rate).rate for outcome, guess in GUESSES.items()}


def predict(outcome: Outcome, counts: OutcomeCounts, above: int) -> Prediction:
    """The prediction from one's own counts and the rate one level up, in millionths. It is never 0."""
    weight = GUESSES[outcome].weight
    tried = max(counts.impressions, 0)
    done = max(0, min(_count(outcome, counts), tried))  # an impression's event may come after its click's, or never
    return Prediction(max(1, (done * CERTAIN + weight * above) // (tried + weight)), tried + weight)


def total(counts: Iterable[OutcomeCounts]) -> OutcomeCounts:
    """All of them together."""
    return OutcomeCounts(*map(sum, zip(OutcomeCounts(), *counts, strict=True)))


def _count(outcome: Outcome, counts: OutcomeCounts) -> int:
    return {Outcome.VIEW: counts.views, Outcome.COMPLETION: counts.completes, Outcome.CLICK: counts.clicks}[outcome]
