"""The hook after a new version has all traffic: it checks alarms, and compares the bid rate with the hour before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bidder.log import NAMESPACE
from bidder.service.no_bid_counts import AnswerKind

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

FEWEST = 100
"""The fewest requests from which a bid rate is compared."""

_KINDS = (AnswerKind.BID, AnswerKind.NO_BID, AnswerKind.FAILED)


@dataclass(frozen=True)
class BidRate:
    """The number of bids and of valid bid requests in a period."""

    bids: int
    requests: int

    @property
    def share(self) -> float:
        """The bids per request, from 0 to 1; 0 without requests."""
        return self.bids / self.requests if self.requests else 0.0


def has_collapsed(before: BidRate, now: BidRate) -> bool:
    """Whether the bid rate is below half of that before. False if either period has fewer than `FEWEST` requests."""
    return min(before.requests, now.requests) >= FEWEST and 2 * now.share < before.share


class Watch:
    """Reads the bidder's alarms and metrics from CloudWatch."""

    def __init__(self, cloudwatch: "CloudWatchClient") -> None:
        self._cloudwatch = cloudwatch

    def objections(self, alarms: Iterable[str], shifted: datetime, now: datetime) -> list[str]:
        """The reasons to roll the version back that has all traffic since `shifted`; empty if the version may stay."""
        reasons = [f"alarm {name}" for name in self._ringing(alarms)]
        before = self.bid_rate(shifted - timedelta(hours=1), shifted)
        current = self.bid_rate(shifted, now)
        if has_collapsed(before, current):
            reasons.append(f"bid rate {current.share:.1%}; in the hour before, {before.share:.1%}")
        return reasons

    def bid_rate(self, start: datetime, end: datetime) -> BidRate:
        """The bid rate between two times."""
        queries: Any = [
            {
                "Id": kind,
                "MetricStat": {
                    "Metric": {
                        "Namespace": NAMESPACE,
                        "MetricName": "Answers",
                        "Dimensions": [{"Name": "Reason", "Value": kind}],
                    },
                    "Period": 60,
                    "Stat": "Sum",
                },
            }
            for kind in _KINDS
        ]
        answer = self._cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=start, EndTime=end)
        sums = {result["Id"]: int(sum(result["Values"])) for result in answer["MetricDataResults"]}
        return BidRate(sums.get(AnswerKind.BID, 0), sum(sums.values()))

    def _ringing(self, alarms: Iterable[str]) -> Iterator[str]:
        names = sorted(alarms)
        if names:
            described = self._cloudwatch.describe_alarms(AlarmNames=names, StateValue="ALARM")
            yield from (alarm["AlarmName"] for alarm in described["MetricAlarms"])
