"""Documents with a name and a history in DynamoDB: segments, and the limits of advertisers.

They share the table of campaigns' history, which is never scanned; by `pk` and `sk`:

- `<kind>s`, `<name>`: a document as it is now, and its `version`; one `Query` reads all of a kind.
- `<kind>#<name>`, `version#<n>`: the document before and after its n-th change, who made it and when.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from bidder.aws.batches import batches_of
from bidder.aws.partition import partition
from bidder.campaigns.versions import history_entry, unchanged_since

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Model = TypeVar("Model", bound=BaseModel)

_IN_A_WRITE = 50
"""The most documents in one write: each takes two of the 100 items of a transaction."""


class Held(NamedTuple, Generic[Model]):
    """A stored document and its version, the number of its changes so far."""

    document: Model
    version: int


class NamedDocuments(ABC, Generic[Model]):
    """Reads and writes documents of a kind. Raises DynamoDB's errors, among them one for a conflict of writers."""

    _kind: str
    _model: type[Model]

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

    @abstractmethod
    def _name_of(self, document: Model) -> str:
        """The name of a document."""

    def put_many(self, documents: Sequence[Model]) -> int:
        """Adds the documents, or replaces those with the same name. Returns the number of changed ones."""
        current = self.read_entries()
        changed = [
            document
            for document in documents
            if (old := current.get(self._name_of(document))) is None or old.document != document
        ]
        for batch in batches_of(changed, _IN_A_WRITE):
            self._write(
                [item for document in batch for item in self._items(self._name_of(document), document, current)]
            )
        return len(changed)

    def delete(self, name: str) -> None:
        """Deletes a document; its history stays."""
        current = self.read_entries()
        if name in current:
            self._write(self._items(name, None, current))

    def all(self) -> list[Model]:
        """Every document, sorted by name."""
        return [entry.document for entry in self.read_entries().values()]

    def history(self, name: str) -> Iterator[dict[str, Any]]:
        """The changes of a document in ascending order: `at`, `who`, `before` and `after`."""
        for item in self._query(f"{self._kind}#{name}"):
            before, after = (json.loads(item[side]["S"]) if side in item else None for side in ("before", "after"))
            yield {"at": item["at"]["S"], "who": item["who"]["S"], "before": before, "after": after}

    def read_entries(self) -> dict[str, Held[Model]]:
        """Every document with its version, by name."""
        return {
            item["sk"]["S"]: Held(self._model.model_validate_json(item["document"]["S"]), int(item["version"]["N"]))
            for item in self._query(f"{self._kind}s")
            if "document" in item
        }

    def _query(self, pk: str) -> Iterator[dict[str, Any]]:
        return partition(self._dynamodb, self._table, pk, consistent=True)

    def _write(self, items: list[Any]) -> None:
        self._dynamodb.transact_write_items(TransactItems=items)

    def _items(self, name: str, after: Model | None, entries: Mapping[str, Held[Model]]) -> list[Any]:
        before = entries.get(name)
        key = {"pk": {"S": f"{self._kind}s"}, "sk": {"S": name}}
        version = before.version if before else self._last_version(name)
        change = history_entry(f"{self._kind}#{name}", version + 1, self._now(), self._author)
        if before is not None:
            change["before"] = {"S": before.document.model_dump_json(exclude_defaults=True)}
        condition = unchanged_since(before.version if before else 0)
        write: Any = {"Delete": {"TableName": self._table, "Key": key, **condition}}
        if after is not None:
            text = after.model_dump_json(exclude_defaults=True)
            change["after"] = {"S": text}
            item = {**key, "version": {"N": str(version + 1)}, "document": {"S": text}}
            write = {"Put": {"TableName": self._table, "Item": item, **condition}}
        return [write, {"Put": {"TableName": self._table, "Item": change}}]

    def _last_version(self, name: str) -> int:
        """The number of changes of a document that does not exist: more than 0 if it was deleted."""
        return sum(1 for _ in self._query(f"{self._kind}#{name}"))
