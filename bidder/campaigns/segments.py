"""Segments in DynamoDB: their names, sizes and costs."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bidder.campaigns.named_documents import NamedDocuments
from bidder.campaigns.segment import SegmentInfo
from bidder.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


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
        self._documents = NamedDocuments(dynamodb, table, "segment", SegmentInfo, _word, author, now)

    def put_many(self, segments: Sequence[SegmentInfo]) -> int:
        """Adds the segments, or replaces those with the same name. Returns the number of changed segments."""
        return self._documents.put_many(segments)

    def all(self) -> list[SegmentInfo]:
        """Every segment, sorted by name."""
        return self._documents.all()

    def get(self, word: str) -> SegmentInfo:
        """The segment of this name, `provider/id` or the id alone. Raises UnknownSegment."""
        for segment in self.all():
            if word in (segment.word, segment.id):
                return segment
        raise UnknownSegment(word)

    def history(self, word: str) -> Iterator[dict[str, Any]]:
        """The changes of a segment, the first one first: `at`, `who`, `before` and `after`."""
        return self._documents.history(word)


def _word(segment: SegmentInfo) -> str:
    return segment.word
