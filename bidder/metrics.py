"""Metrics in CloudWatch's embedded metric format: CloudWatch extracts a metric from the fields of a log line."""

import os
from datetime import datetime
from typing import Any

NAMESPACE = os.environ.get("BIDDER_METRICS_NAMESPACE") or "bidder"
"""The CloudWatch namespace of all metrics: the name of the stack, so that the stacks of an account count apart."""


def emf(now: datetime, name: str, reason: str, value: int = 1, **properties: str) -> dict[str, Any]:
    """The fields of a log line that counts `value` for the metric `name`.

    `reason` is the only dimension, since AWS charges for each value of a dimension. `properties` are plain fields of
    the line: the log can be searched for them.
    """
    metric = {"Namespace": NAMESPACE, "Dimensions": [["Reason"]], "Metrics": [{"Name": name, "Unit": "Count"}]}
    metadata = {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [metric]}
    return {"_aws": metadata, "Reason": reason, name: value, **properties}
