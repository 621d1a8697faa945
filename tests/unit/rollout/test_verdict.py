"""A hook always reports its outcome to CodeDeploy."""

from typing import Any, cast

import pytest

from bidder.rollout.rollout_settings import names, rollout_settings
from bidder.rollout.verdict import report

EVENT = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"}


class FakeCodeDeploy:
    def __init__(self) -> None:
        self.statuses: list[dict[str, str]] = []

    def put_lifecycle_event_hook_execution_status(self, **status: str) -> None:
        self.statuses.append(status)


def raising() -> list[str]:
    raise TimeoutError


@pytest.mark.parametrize(
    ("examine", "status"), [(list, "Succeeded"), (lambda: ["slow"], "Failed"), (raising, "Failed")]
)
def test_the_outcome_is_reported_after_success_failure_and_exceptions(examine: Any, status: str) -> None:
    codedeploy = FakeCodeDeploy()
    report(cast("Any", codedeploy), EVENT, "before_traffic", examine)
    assert codedeploy.statuses == [{"deploymentId": "d-1", "lifecycleEventHookExecutionId": "e-1", "status": status}]


def test_the_version_number_is_parsed_from_the_arn() -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:bid:17"
    settings = rollout_settings({"BIDDER_ROLLOUT_FUNCTION": "bid", "BIDDER_ROLLOUT_NEW_VERSION": arn})
    assert (settings.version, settings.alias, names(settings.expected_changes)) == ("17", "live", frozenset())
    assert names("price, adm,") == {"price", "adm"}
