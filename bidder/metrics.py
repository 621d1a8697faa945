"""Metrics in CloudWatch's embedded format: fields of a log line, which CloudWatch reads a metric out of."""

from datetime import datetime
from typing import Any

NAMESPACE = "bidder"


def emf(now: datetime, name: str, reason: str, value: int = 1, **properties: str) -> dict[str, Any]:
    """The fields that make a log line count `value` for the metric `name`.

    The reason is the metric's one dimension: every other property would make each of its values a metric that is paid
    for; they can be searched for in the log.
    """
    its = {"Namespace": NAMESPACE, "Dimensions": [["Reason"]], "Metrics": [{"Name": name, "Unit": "Count"}]}
    about = {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [its]}
    return {"_aws": about, "Reason": reason, name: value, **properties}
