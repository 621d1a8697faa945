"""The two hooks as called by CodeDeploy: their AWS calls and their reports."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from bidder.rollout.hooks import after_traffic, before_traffic
from tests.support.campaigns import campaign, compile_snapshot
from tests.support.lambda_versions import LambdaVersions
from tests.support.service import service
from tests.unit.rollout.test_after_traffic import FakeCloudWatch
from tests.unit.rollout.test_verdict import EVENT, FakeCodeDeploy


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """boto3's clients by service, and the environment of a deployment of version 2."""
    fakes: dict[str, Any] = {"codedeploy": FakeCodeDeploy()}
    monkeypatch.setattr(boto3, "client", fakes.__getitem__)
    for name, value in {"FUNCTION": "bid", "NEW_VERSION": "2", "ALARMS": "errors,late"}.items():
        monkeypatch.setenv(f"BIDDER_ROLLOUT_{name}", value)
    return fakes


@pytest.mark.parametrize(("cpm", "status"), [(12, "Succeeded"), (11, "Failed")])
def test_before_traffic_the_versions_are_compared(clients: dict[str, Any], cpm: int, status: str) -> None:
    services = {version: service(compile_snapshot([campaign(cpm=price)])) for version, price in (("1", 12), ("2", cpm))}
    clients["lambda"] = LambdaVersions(services, datetime.now(UTC))

    objections = before_traffic(EVENT)

    assert bool(objections) == (status == "Failed")
    assert [report["status"] for report in clients["codedeploy"].statuses] == [status]


@pytest.mark.parametrize(("ringing", "status"), [((), "Succeeded"), (("late",), "Failed")])
def test_after_traffic_the_alarms_are_read_once_answers_are_counted(
    clients: dict[str, Any], ringing: tuple[str, ...], status: str
) -> None:
    class Quiet(FakeCloudWatch):
        def get_metric_data(self, MetricDataQueries: Any, StartTime: Any, EndTime: Any) -> Any:  # noqa: N803
            assert StartTime < EndTime
            return {"MetricDataResults": [{"Id": query["Id"], "Values": [900.0]} for query in MetricDataQueries]}

    clients["cloudwatch"] = Quiet({}, {}, frozenset(ringing))
    slept: list[float] = []

    objections = after_traffic(EVENT, slept.append)

    assert slept == [180]
    assert bool(objections) == bool(ringing)
    assert [report["status"] for report in clients["codedeploy"].statuses] == [status]
