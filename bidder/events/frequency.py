"""The exposures of viewers for frequency caps: counts each bid's impression once, by user and by household.

Items of the table, by `pk` and `sk`:
- `bid#<bid id>`, `shown`: the marker that this bid's impression is counted.
- `user#<name>` and `household#<name>`, `history`: the impressions shown, see `bidder.delivery.frequency_store`.

One transaction writes the marker and the histories. A history is written on the condition that it has not changed since
it was read, so that no concurrent writer's impression is lost.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bidder.delivery.frequency import History, Impression, add
from bidder.delivery.frequency_store import decode, drop_expired, encode, household_key, read_exposures, user_key
from bidder.events.counted_once import MARKER_LIFETIME, Key, key
from bidder.events.event import Event
from bidder.events.kinds import Kind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ATTEMPTS = 5


class Frequency:
    """Counts the impressions of viewers, and reads the counts. Raises DynamoDB's errors."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def record(self, events: Iterable[Event]) -> frozenset[str]:
        """Counts new impressions, except those without a viewer, invalid traffic and tests.

        Returns the ids of bids that lost against other writers; the caller tries their events again later.
        """
        return frozenset(event.bid_id for event in events if _is_counted(event) and not self._record(event))

    def history(self, user: str) -> History:
        """The impressions that a user was shown."""
        return read_exposures(self._dynamodb, self._table, user, None).user or History()

    def _record(self, event: Event) -> bool:
        """Counts an impression; returns whether the impression is counted, now or before."""
        impression = Impression(int(event.at.timestamp()), event.campaign_id, event.creative_id, event.advertiser or "")
        keys = [user_key(event.user)] if event.user else []
        keys += [household_key(event.household)] if event.household else []
        for _ in range(_ATTEMPTS):
            response: Any = self._dynamodb.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
            )
            if response.get("UnprocessedKeys"):
                continue
            items = {item["pk"]["S"]: item for item in response["Responses"].get(self._table, [])}
            puts = [self._put(item_key, items.get(item_key["pk"]["S"]), impression, event.at) for item_key in keys]
            try:
                self._dynamodb.transact_write_items(TransactItems=[self._marker(event), *puts])
            except self._dynamodb.exceptions.TransactionCanceledException as error:
                reasons = [reason.get("Code") for reason in error.response["CancellationReasons"]]
                if reasons[0] == "ConditionalCheckFailed":
                    return True
            else:
                return True
        return False

    def _marker(self, event: Event) -> Any:
        expires = int((event.at + MARKER_LIFETIME).timestamp())
        marker = {**key(Key(f"bid#{event.bid_id}", "shown")), "expires_at": {"N": str(expires)}}
        return {
            "Put": {"TableName": self._table, "Item": marker, "ConditionExpression": "attribute_not_exists(pk)"},
        }

    def _put(
        self,
        item_key: Mapping[str, Mapping[str, str]],
        item: Mapping[str, Any] | None,
        impression: Impression,
        now: datetime,
    ) -> Any:
        version = int(item["version"]["N"]) if item else 0
        put: dict[str, Any] = {
            "TableName": self._table,
            "Item": encode(item_key, add(drop_expired(decode(item), now), impression), version + 1),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        if item:
            put["ConditionExpression"] = "version = :version"
            put["ExpressionAttributeValues"] = {":version": item["version"]}
        return {"Put": put}


def _is_counted(event: Event) -> bool:
    is_named = bool(event.user or event.household)
    return event.kind is Kind.IMPRESSION and is_named and not event.test and not event.invalid
