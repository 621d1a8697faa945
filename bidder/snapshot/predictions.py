"""What is predicted of creatives: from counts that ride in the delivery state, when a bid asks."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

from bidder.campaigns.goal import Outcome
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.prediction import GUESSES, Prediction, account_rates, predict, total


class Predictions:
    """Predictions of any creative of any campaign, whether it has counts or not."""

    def __init__(self, account: Mapping[Outcome, int], counts: Mapping[str, Mapping[str, OutcomeCounts]]) -> None:
        """The account's rates in millionths, and counts by campaign and creative."""
        self._account = account
        self._counts = counts

    def of(self, campaign_id: str, creative_id: str, outcome: Outcome) -> Prediction:
        """How likely an impression of the creative brings the outcome."""
        its = self._counts.get(campaign_id)
        if its is None:
            return predict(outcome, OutcomeCounts(), self._account[outcome])
        campaign = predict(outcome, total(its.values()), self._account[outcome])
        return predict(outcome, its.get(creative_id, OutcomeCounts()), campaign.rate)


def pack_predictions(counts: Mapping[tuple[str, str], OutcomeCounts], learners: Iterable[str]) -> bytes:
    """A section of the delivery state: the account's rates, and the counts of the campaigns that bid or choose by them.

    `counts` are by campaign id and creative id.
    """
    by_campaign: dict[str, dict[str, OutcomeCounts]] = defaultdict(dict)
    for (campaign_id, creative_id), its in counts.items():
        by_campaign[campaign_id][creative_id] = its
    body = {
        "account": account_rates(counts.values()),
        "counts": {campaign_id: by_campaign[campaign_id] for campaign_id in learners if campaign_id in by_campaign},
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def unpack_predictions(section: bytes | None) -> Predictions:
    """The section, read back; without one, as in what older code wrote, there are guesses only."""
    body = json.loads(section) if section else {"account": {}, "counts": {}}
    return Predictions(
        {outcome: body["account"].get(outcome, guess.rate) for outcome, guess in GUESSES.items()},
        {
            campaign_id: {creative_id: OutcomeCounts(*its) for creative_id, its in creatives.items()}
            for campaign_id, creatives in body["counts"].items()
        },
    )
