"""Publishes each state of an upload to an SNS topic, and requests a refresh when a creative is ready."""

import json
from datetime import datetime
from typing import TYPE_CHECKING

from bidder.creatives.job import State
from bidder.creatives.upload import Metadata

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Announcer:
    """Publishes to the topics of creatives and of refreshes. Raises the errors of SNS."""

    def __init__(self, sns: "SNSClient", topic: str, refresh_topic: str) -> None:
        self._sns = sns
        self._topic = topic
        self._refresh_topic = refresh_topic

    def tell(self, about: Metadata, state: State, at: datetime, reason: str | None = None) -> None:
        """Publishes the state of an upload. Subscribers filter by the message attributes `state` and `campaign`."""
        message = {
            "campaign": about.campaign,
            "creative": about.creative,
            "state": state.value,
            "at": at.isoformat(),
            "reason": reason,
        }
        self._sns.publish(
            TopicArn=self._topic,
            Subject=f"Creative {state.value}",
            Message=json.dumps(message),
            MessageAttributes={
                "state": {"DataType": "String", "StringValue": state.value},
                "campaign": {"DataType": "String", "StringValue": about.campaign},
            },
        )

    def ask_for_refresh(self) -> None:
        """Requests a rebuild of the campaign cache now."""
        self._sns.publish(TopicArn=self._refresh_topic, Subject="creative ready", Message="{}")
