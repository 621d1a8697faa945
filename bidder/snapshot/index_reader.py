"""Reads one index after another, and reuses the parts that an index shares with the index before."""

from bidder.snapshot.index import Index
from bidder.snapshot.store import SnapshotStore


class IndexReader:
    """Reads indexes from a store, and keeps the last one."""

    def __init__(self, store: SnapshotStore) -> None:
        self._store = store
        self._last: Index | None = None

    def read(self, keys: tuple[str, ...]) -> Index:
        """The index of the objects with these keys. Reads only objects not in the last index. Raises BadSnapshot."""
        self._last = self._store.index(keys, self._last)
        return self._last

    def forget(self) -> bool:
        """Drops the last index, and returns whether there was one."""
        had_one, self._last = self._last is not None, None
        return had_one
