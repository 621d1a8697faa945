"""The state ALARM stops all bidding. Other states of an alarm have no effect."""

from typing import Any

import pytest
from pydantic import ValidationError

from bidder.consumers.stop_bidding import stop_bidding
from tests.support.account import mocked_account
from tests.support.campaigns import NOW


def action(value: str) -> dict[str, Any]:
    """The event of a Lambda action (CloudWatch User Guide, "Invoke a Lambda function from an alarm")."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:overspend",
        "accountId": "000000000000",
        "time": "2026-11-23T12:00:00.000+0000",
        "region": "us-east-1",
        "alarmData": {"alarmName": "overspend", "state": {"value": value, "reason": "1 datapoint"}},
    }


@pytest.mark.parametrize(("value", "stops"), [("ALARM", True), ("OK", False), ("INSUFFICIENT_DATA", False)])
def test_only_the_state_alarm_stops_bidding(value: str, stops: bool) -> None:
    with mocked_account() as account:
        service = account.service()
        assert stop_bidding(service, action(value), NOW) is stops
        assert service.store.is_stopped() is stops


def test_an_event_that_is_not_an_alarm_is_refused() -> None:
    with mocked_account() as account:
        service = account.service()
        with pytest.raises(ValidationError):
            stop_bidding(service, {"Records": []}, NOW)
        assert not service.store.is_stopped()
