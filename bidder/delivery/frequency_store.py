"""Histories of impressions in DynamoDB: an item for each user and each household. One request reads both."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from bidder import log
from bidder.delivery.frequency import Exposures, History, Impression
from bidder.log import emf
from bidder.repeated_failures import LONGEST_INTERVAL, RepeatedFailures

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RETENTION = timedelta(days=395)
"""The time for which a history is kept after its last impression: 13 months."""
MAX_READS = 4
"""The most concurrent reads of a process. The limit bounds the threads that a hanging table can block."""

Key = Mapping[str, Mapping[str, str]]


def user_key(name: str) -> Key:
    """The key of a user's item."""
    return {"pk": {"S": f"user#{name}"}, "sk": {"S": "history"}}


def household_key(name: str) -> Key:
    """The key of a household's item."""
    return {"pk": {"S": f"household#{name}"}, "sk": {"S": "history"}}


def encode(key: Key, history: History, version: int) -> dict[str, Any]:
    """The DynamoDB item of a history. `version` grows by one with each impression."""
    document = {"recent": [list(impression) for impression in history.recent], "older": history.older}
    expires = int(history.recent[-1].at + RETENTION.total_seconds())
    return {
        **key,
        "history": {"S": json.dumps(document, separators=(",", ":"))},
        "version": {"N": str(version)},
        "expires_at": {"N": str(expires)},
    }


def decode(item: Mapping[str, Any] | None) -> History:
    """The history of an item; an empty history without an item."""
    if item is None:
        return History()
    document = json.loads(item["history"]["S"])
    older = {key: {int(day): count for day, count in days.items()} for key, days in document["older"].items()}
    return History([Impression(*fields) for fields in document["recent"]], older)


def drop_expired(history: History, now: datetime) -> History:
    """The history, or an empty one if it has expired: DynamoDB deletes expired items up to two days late."""
    if history.recent and history.recent[-1].at + RETENTION.total_seconds() <= now.timestamp():
        return History()
    return history


def read_exposures(dynamodb: "DynamoDBClient", table: str, user: str | None, household: str | None) -> Exposures:
    """The histories of a user and a household, read in one request. Raises the errors of the client, and TimeoutError.

    The read is strongly consistent: the histories include every impression counted before.
    """
    keys = [user_key(user)] if user else []
    keys += [household_key(household)] if household else []
    answer: Any = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
    if answer.get("UnprocessedKeys"):
        msg = "the table is throttled"
        raise TimeoutError(msg)
    items = {item["pk"]["S"]: item for item in answer["Responses"].get(table, [])}
    return Exposures(
        decode(items.get(f"user#{user}")) if user else None,
        decode(items.get(f"household#{household}")) if household else None,
    )


class FrequencyReader:
    """Reads exposures within a deadline. Reads run on separate threads, so a hanging table can't delay a bid."""

    def __init__(
        self, dynamodb: Callable[[], "DynamoDBClient"], table: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` limits the log lines of failed reads."""
        self._dynamodb = dynamodb
        self._table = table
        self._requests: SimpleQueue[tuple[str | None, str | None, SimpleQueue[Exposures | Exception]]] = SimpleQueue()
        self._lock = Lock()
        self._failures = RepeatedFailures(clock, calm=LONGEST_INTERVAL)
        self._threads = self._pending = 0

    def exposures(self, user: str | None, household: str | None, seconds: float, now: datetime) -> Exposures:
        """The histories of a user and a household. They are unknown if the read exceeds `seconds`."""
        if user is None and household is None:
            return Exposures()
        answers: SimpleQueue[Exposures | Exception] = SimpleQueue()
        if not self._start_read():
            return self._count_failure(now, "busy")
        self._requests.put((user, household, answers))
        try:
            answer = answers.get(timeout=max(0.0, seconds))
        except Empty:
            return self._count_failure(now, "deadline")
        if isinstance(answer, Exception):
            return self._count_failure(now, type(answer).__name__)
        if ended_failures := self._failures.succeeded():
            metric = emf(now, "FrequencyUnread", "unread", ended_failures.unlogged) if ended_failures.unlogged else {}
            log.event("frequency.recovered", **metric, **ended_failures.fields)
        return Exposures(*(history and drop_expired(history, now) for history in answer))

    def _count_failure(self, now: datetime, reason: str) -> Exposures:
        if failures := self._failures.failed(reason):
            metric = emf(now, "FrequencyUnread", "unread", failures.unlogged, why=reason)
            log.warning("frequency.unread", **metric, **failures.fields)
        return Exposures()

    def _start_read(self) -> bool:
        with self._lock:
            if self._pending >= MAX_READS:
                return False
            self._pending += 1
            if self._pending > self._threads:
                self._threads += 1
                Thread(target=self._run_reads, daemon=True, name="frequency").start()
        return True

    def _run_reads(self) -> None:
        while True:
            user, household, answers = self._requests.get()
            answer: Exposures | Exception
            try:
                answer = read_exposures(self._dynamodb(), self._table, user, household)
            except Exception as error:  # after any failure the campaign's `on_unknown` decides
                answer = error
            with self._lock:
                self._pending -= 1
            answers.put(answer)
