"""Stops all bidding when an alarm says that spend is not known or above budgets. `bidder go` resumes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from bidder import log
from bidder.service.service import Service


class AlarmState(BaseModel):
    """The state of an alarm, as CloudWatch passes it to a Lambda action."""

    value: str


class AlarmData(BaseModel):
    """An alarm and its new state."""

    name: str = Field(alias="alarmName")
    state: AlarmState


class AlarmAction(BaseModel):
    """The event of an alarm's Lambda action."""

    alarm: AlarmData = Field(alias="alarmData")


def stop_bidding(service: Service, event: Mapping[str, Any], now: datetime) -> bool:
    """Stops all bidding if the alarm is in the state ALARM; returns whether it did. Raises ValidationError."""
    alarm = AlarmAction.model_validate(event).alarm
    if alarm.state.value != "ALARM":
        return False
    service.store.stop(now, stopped=True)
    log.warning("bidding.stopped", alarm=alarm.name)
    return True
