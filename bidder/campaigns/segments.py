"""Segments in DynamoDB. They share the table of campaigns' history, which is never scanned; by `pk` and `sk`:

- `segments`, `<provider>/<id>`: a segment as it is now, some 200 bytes, and its `version`; one `Query` reads all.
- `segment#<provider>/<id>`, `version#<n>`: the segment before and after its n-th change, who made it and when.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bidder.campaigns.segment import SegmentInfo
from bidder.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ALL = "segments"
_IN_A_WRITE = 50
"""The most segments in one write: each takes two of the 100 items of a transaction."""


class UnknownSegment(UserError, LookupError):
    """No segment has this name."""

    def __init__(self, word: str) -> None:
        super().__init__(f"no segment {word} is known; `bidder segments list` shows them")


class SegmentRepository:
    """Reads and writes segments. Raises DynamoDB's errors, among them one for a conflict with another writer."""

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        author: str = "unknown",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._author = author
        self._now = now

    def put_many(self, segments: Sequence[SegmentInfo]) -> int:
        """Adds the segments, or replaces those with the same name. Returns the number of changed segments."""
        held = {segment.word: (segment, version) for segment, version in self._held()}
        changed = [segment for segment in segments if segment != held.get(segment.word, (None, 0))[0]]
        for start in range(0, len(changed), _IN_A_WRITE):
            batch = changed[start : start + _IN_A_WRITE]
            items = [item for each in batch for item in self._items(each, *held.get(each.word, (None, 0)))]
            self._dynamodb.transact_write_items(TransactItems=items)
        return len(changed)

    def all(self) -> list[SegmentInfo]:
        """Every segment, sorted by name."""
        return [segment for segment, _ in self._held()]

    def get(self, word: str) -> SegmentInfo:
        """The segment of this name, `provider/id` or the id alone. Raises UnknownSegment."""
        for segment, _ in self._held():
            if word in (segment.word, segment.id):
                return segment
        raise UnknownSegment(word)

    def history(self, word: str) -> Iterator[dict[str, Any]]:
        """The changes of a segment, the first one first: `at`, `who`, `before` and `after`."""
        for item in self._query(f"segment#{word}"):
            before = json.loads(item["before"]["S"]) if "before" in item else None
            yield {
                "at": item["at"]["S"],
                "who": item["who"]["S"],
                "before": before,
                "after": json.loads(item["after"]["S"]),
            }

    def _held(self) -> Iterator[tuple[SegmentInfo, int]]:
        for item in self._query(_ALL):
            yield SegmentInfo.model_validate_json(item["document"]["S"]), int(item["version"]["N"])

    def _query(self, pk: str) -> Iterator[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
        )
        for page in pages:
            yield from page["Items"]

    def _items(self, segment: SegmentInfo, before: SegmentInfo | None, version: int) -> list[Any]:
        document = segment.model_dump_json(exclude_defaults=True)
        item = {
            "pk": {"S": _ALL},
            "sk": {"S": segment.word},
            "version": {"N": str(version + 1)},
            "document": {"S": document},
        }
        change = {
            "pk": {"S": f"segment#{segment.word}"},
            "sk": {"S": f"version#{version + 1:012}"},
            "at": {"S": self._now().isoformat(timespec="seconds")},
            "who": {"S": self._author},
            "after": {"S": document},
        }
        put: Any = {"TableName": self._table, "Item": item, "ConditionExpression": "attribute_not_exists(version)"}
        if before is not None:
            change["before"] = {"S": before.model_dump_json(exclude_defaults=True)}
            put |= {
                "ConditionExpression": "version = :seen",
                "ExpressionAttributeValues": {":seen": {"N": str(version)}},
            }
        return [{"Put": put}, {"Put": {"TableName": self._table, "Item": change}}]
