"""Segments in DynamoDB: their names, sizes and costs."""

from bidder.campaigns.named_documents import NamedDocuments
from bidder.campaigns.segment import SegmentInfo
from bidder.errors import UserError, shown


class UnknownSegment(UserError, LookupError):
    """No segment has this name."""

    def __init__(self, word: str) -> None:
        super().__init__(f"no segment {shown(word)} is known; `bidder segments list` shows them")


class SegmentRepository(NamedDocuments[SegmentInfo]):
    """Reads and writes segments. Raises DynamoDB's errors, among them one for a conflict with another writer."""

    _kind = "segment"
    _model = SegmentInfo

    def get(self, word: str) -> SegmentInfo:
        """The segment of this name, `provider/id` or the id alone. Raises UnknownSegment."""
        for segment in self.all():
            if word in (segment.word, segment.id):
                return segment
        raise UnknownSegment(word)

    def _name_of(self, document: SegmentInfo) -> str:
        return document.word
