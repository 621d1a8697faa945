"""Predictions of creatives, computed at the bid from the counts in the delivery state."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

from bidder.campaigns.goal import Outcome
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.prediction import GUESSES, Prediction, account_rates, predict, total


class Predictions:
    """Predictions of any creative of any campaign, with or without counts."""

    def __init__(self, account: Mapping[Outcome, int], counts: Mapping[str, Mapping[str, OutcomeCounts]]) -> None:
        """Takes the account's rates in millionths, and outcome counts by campaign id and creative id."""
        self._account = account
        self._counts = counts

    def predict_creative(self, campaign_id: str, creative_id: str, outcome: Outcome) -> Prediction:
        """The predicted rate of the outcome for an impression of the creative."""
        counts = self._counts.get(campaign_id)
        if counts is None:
            return predict(outcome, OutcomeCounts(), self._account[outcome])
        campaign = predict(outcome, total(counts.values()), self._account[outcome])
        return predict(outcome, counts.get(creative_id, OutcomeCounts()), campaign.rate)


def pack_predictions(counts: Mapping[tuple[str, str], OutcomeCounts], learners: Iterable[str]) -> bytes:
    """The section of predictions: the account's rates, and the counts of campaigns that bid or rotate by predictions.

    `counts` are by campaign id and creative id.
    """
    by_campaign: dict[str, dict[str, OutcomeCounts]] = defaultdict(dict)
    for (campaign_id, creative_id), outcomes in counts.items():
        by_campaign[campaign_id][creative_id] = outcomes
    body = {
        "account": account_rates(counts.values()),
        "counts": {campaign_id: by_campaign[campaign_id] for campaign_id in learners if campaign_id in by_campaign},
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def unpack_predictions(section: bytes | None) -> Predictions:
    """Reads the section. Objects of older code lack the section: their predictions are the default guesses."""
    body = json.loads(section) if section else {"account": {}, "counts": {}}
    return Predictions(
        {outcome: body["account"].get(outcome, guess.rate) for outcome, guess in GUESSES.items()},
        {
            campaign_id: {creative_id: OutcomeCounts(*outcomes) for creative_id, outcomes in creatives.items()}
            for campaign_id, creatives in body["counts"].items()
        },
    )
