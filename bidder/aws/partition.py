"""Reads the items of DynamoDB that share a partition key."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def partition(
    dynamodb: "DynamoDBClient", table: str, pk: str, *, consistent: bool = False, latest_first: bool = False
) -> Iterator[dict[str, Any]]:
    """Yields the items whose `pk` is this text, by `sk`, ascending or `latest_first`; page by page.

    `consistent` reads what was written before, at twice the price. Raises DynamoDB's errors.
    """
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
        ConsistentRead=consistent,
        ScanIndexForward=not latest_first,
    )
    for page in pages:
        yield from page["Items"]
