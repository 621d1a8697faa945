"""Tells of each step of an upload on an SNS topic, and asks for a refresh when a creative is ready."""

import json
from datetime import datetime
from typing import TYPE_CHECKING

from bidder.creatives.job import State
from bidder.creatives.upload import Metadata

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Announcer:
    """Publishes to the topic of creatives and to the one of refreshes. SNS's own errors pass through."""

    def __init__(self, sns: "SNSClient", topic: str, refresh_topic: str) -> None:
        self._sns = sns
        self._topic = topic
        self._refresh_topic = refresh_topic

    def tell(self, about: Metadata, state: State, at: datetime, reason: str | None = None) -> None:
        """Publishes how far an upload has come; subscribers filter by the attributes `state` and `campaign`."""
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
        """Has the campaign cache rebuilt now."""
        self._sns.publish(TopicArn=self._refresh_topic, Subject="creative ready", Message="{}")
