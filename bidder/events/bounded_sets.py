"""Sets of limited size in DynamoDB: the first members are accepted, later members are refused. Answers are repeatable.

An item of the table has a set of strings. DynamoDB drops the item when no member can be tested any more.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from bidder.events.counted_once import Key, key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class BoundedSets:
    """The sets of a table, which grow until they are full. Raises DynamoDB's errors."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add_member(self, item: Key, name: str, member: str, limit: int, expires_at: datetime) -> bool:
        """Whether the member is among the first `limit` of the set `name` of an item, which expires at `expires_at`."""
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=key(item),
                UpdateExpression="SET expires_at = :expires ADD #set :members",
                ConditionExpression="attribute_not_exists(#set) OR size(#set) < :most OR contains(#set, :member)",
                ExpressionAttributeNames={"#set": name},
                ExpressionAttributeValues={
                    ":expires": {"N": str(int(expires_at.timestamp()))},
                    ":members": {"SS": [member]},
                    ":member": {"S": member},
                    ":most": {"N": str(limit)},
                },
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True
