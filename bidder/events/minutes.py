"""How many impressions a viewer was shown in a minute: what shows that it is no person.

Items of the ledger's table: `user#<user>`, `minute#<YYYY-MM-DDTHH:MM>` with the set of `bids`, the first so many.
"""

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from bidder.events.event import Event
from bidder.events.invalid import MOST_A_MINUTE, Counts, invalid
from bidder.events.kinds import Kind
from bidder.events.once import Key, key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT = timedelta(days=30)
"""Longer than an event can lie in the queue and its dead-letter queue, so that it is judged the same again."""


class Minutes:
    """Judges impressions by what else their viewers saw. DynamoDB's own errors pass through."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def judged(self, event: Event) -> Event:
        """The event, marked where its viewer's minute was full; the same however often it is asked.

        Only impressions of known viewers that could be billed are looked at: one write each.
        """
        if event.kind is not Kind.IMPRESSION or event.user is None or not event.billable:
            return event
        seen = Counts(of_user=1 if self._has_room(event, event.user) else MOST_A_MINUTE + 1)
        return event.model_copy(update={"invalid": invalid(event, seen)})

    def _has_room(self, event: Event, user: str) -> bool:
        minute = Key(f"user#{user}", f"minute#{event.at.astimezone(UTC):%Y-%m-%dT%H:%M}")
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=key(minute),
                UpdateExpression="SET expires_at = :expires ADD bids :bids",
                ConditionExpression="attribute_not_exists(bids) OR size(bids) < :most OR contains(bids, :bid)",
                ExpressionAttributeValues={
                    ":expires": {"N": str(int((event.at + _KEPT).timestamp()))},
                    ":bids": {"SS": [event.bid_id]},
                    ":bid": {"S": event.bid_id},
                    ":most": {"N": str(MOST_A_MINUTE)},
                },
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True
