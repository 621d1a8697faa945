"""The limits of advertisers in DynamoDB."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.named_documents import NamedDocuments
from bidder.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class UnknownAdvertiser(UserError, LookupError):
    """No advertiser of this domain has limits."""

    def __init__(self, domain: str) -> None:
        super().__init__(f"no advertiser {domain} has limits; `bidder advertisers list` shows those that have")


class AdvertiserRepository:
    """Reads and writes the limits of advertisers. Raises DynamoDB's errors."""

    def __init__(
        self,
        dynamodb: "DynamoDBClient",
        table: str,
        author: str = "unknown",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._documents = NamedDocuments(dynamodb, table, "advertiser", AdvertiserLimits, _domain, author, now)

    def put_many(self, advertisers: Sequence[AdvertiserLimits]) -> int:
        """Adds the limits, or replaces those of the same domain. Returns the number of changed ones."""
        return self._documents.put_many(advertisers)

    def delete(self, domain: str) -> None:
        """Deletes the limits of an advertiser; its campaigns stay. Raises UnknownAdvertiser."""
        self.get(domain)
        self._documents.delete(domain)

    def all(self) -> list[AdvertiserLimits]:
        """All limits, sorted by domain."""
        return self._documents.all()

    def get(self, domain: str) -> AdvertiserLimits:
        """The limits of an advertiser. Raises UnknownAdvertiser."""
        held = self._documents.held().get(domain)
        if held is None:
            raise UnknownAdvertiser(domain)
        return held.document

    def history(self, domain: str) -> Iterator[dict[str, Any]]:
        """The changes of an advertiser's limits, the first one first: `at`, `who`, `before` and `after`."""
        return self._documents.history(domain)


def _domain(limits: AdvertiserLimits) -> str:
    return limits.domain
