"""The hook after a new version has all traffic: its alarms, and its bid rate against the hour before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bidder.metrics import NAMESPACE
from bidder.service.no_bid_counts import AnswerKind

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

FEWEST = 100
"""Requests below which a bid rate says nothing."""

_KINDS = (AnswerKind.BID, AnswerKind.NO_BID, AnswerKind.FAILED)


@dataclass(frozen=True)
class BidRate:
    """Bids among the requests of some time that could be bid on."""

    bids: int
    requests: int

    @property
    def share(self) -> float:
        """Bids of one request."""
        return self.bids / self.requests if self.requests else 0.0


def has_collapsed(before: BidRate, now: BidRate) -> bool:
    """Whether less than half as many requests are bid on as before; False where either has too few requests to tell."""
    return min(before.requests, now.requests) >= FEWEST and 2 * now.share < before.share


class Watch:
    """Reads what CloudWatch has of the bidder."""

    def __init__(self, cloudwatch: "CloudWatchClient") -> None:
        self._cloudwatch = cloudwatch

    def objections(self, alarms: Iterable[str], shifted: datetime, now: datetime) -> list[str]:
        """What speaks against the version that has had all traffic since `shifted`; nothing where it may stay."""
        reasons = [f"alarm {name}" for name in self._ringing(alarms)]
        before = self.bid_rate(shifted - timedelta(hours=1), shifted)
        current = self.bid_rate(shifted, now)
        if has_collapsed(before, current):
            reasons.append(f"{current.share:.1%} of requests are bid on, {before.share:.1%} in the hour before")
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
