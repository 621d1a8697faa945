"""The CloudWatch metrics of a minute of the local AWS: of functions, their logs, and queues."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.integration.drill import Drill
from tests.support.alarm_judge import Metric, Minute, metric
from tools.local import STACK

TRACEBACK = metric("bidder", "LoggedErrors", {})


def observe(drill: Drill, since: datetime, age: float = 0) -> Minute:
    """The metrics since a time, as those of one minute. `age` is added to the age of each queue's messages (s)."""
    values: dict[Metric, list[float]] = defaultdict(list)
    for key, value in (*_of_logs(drill, since), *_of_functions(drill, since), *_of_queues(drill, age)):
        values[key].append(value)
    return values


def _of_logs(drill: Drill, since: datetime) -> Iterator[tuple[Metric, float]]:
    for line in log_lines(drill, since):
        if line.get("traceback"):
            yield TRACEBACK, 1
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
            for names in directive["Dimensions"]:
                for each in directive["Metrics"]:
                    dimensions = {name: line[name] for name in names}
                    yield metric(directive["Namespace"], each["Name"], dimensions), line[each["Name"]]


def log_lines(drill: Drill, since: datetime) -> Iterator[dict[str, Any]]:
    """The structured log lines of the functions since a time."""
    logs = drill.session.client("logs")
    for group in logs.describe_log_groups(logGroupNamePrefix=f"/{STACK}/")["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group["logGroupName"], startTime=int(since.timestamp() * 1000)
        )
        for page in pages:
            for event in page["events"]:
                if event["message"].startswith("{"):
                    yield json.loads(event["message"])


def _of_functions(drill: Drill, since: datetime) -> Iterator[tuple[Metric, float]]:
    cloudwatch: Any = drill.session.client("cloudwatch")
    for each in cloudwatch.list_metrics(Namespace="AWS/Lambda")["Metrics"]:
        statistic = "Maximum" if each["MetricName"] == "Duration" else "Sum"
        points = cloudwatch.get_metric_statistics(
            **{key: each[key] for key in ("Namespace", "MetricName", "Dimensions")},
            StartTime=since,
            EndTime=datetime.now(UTC) + timedelta(seconds=1),
            Period=3600,
            Statistics=[statistic],
        )["Datapoints"]
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in each["Dimensions"]}
        for point in points:
            yield metric(each["Namespace"], each["MetricName"], dimensions), point[statistic]


def _of_queues(drill: Drill, age: float) -> Iterator[tuple[Metric, float]]:
    sqs = drill.session.client("sqs")
    for url in sqs.list_queues().get("QueueUrls", []):
        attributes: Any = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        dimensions = {"QueueName": url.rpartition("/")[2]}
        visible, in_flight = (int(attributes[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible"))
        yield metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", dimensions), visible
        yield metric("AWS/SQS", "ApproximateAgeOfOldestMessage", dimensions), age if visible + in_flight else 0
