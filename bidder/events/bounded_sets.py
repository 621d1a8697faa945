"""The first so many members of a set: who asks for a place in it, and asks again, always hears the same.

Items of the table have a set of strings; they are dropped once nobody can ask any more.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from bidder.events.counted_once import Key, key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class BoundedSets:
    """Sets of a table, which only grow until they are full. DynamoDB's own errors pass through."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def take(self, item: Key, name: str, member: str, most: int, until: datetime) -> bool:
        """Whether the member is one of the first `most` of the set `name` of an item, which is kept `until` then."""
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=key(item),
                UpdateExpression="SET expires_at = :expires ADD #set :members",
                ConditionExpression="attribute_not_exists(#set) OR size(#set) < :most OR contains(#set, :member)",
                ExpressionAttributeNames={"#set": name},
                ExpressionAttributeValues={
                    ":expires": {"N": str(int(until.timestamp()))},
                    ":members": {"SS": [member]},
                    ":member": {"S": member},
                    ":most": {"N": str(most)},
                },
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True
