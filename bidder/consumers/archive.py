"""The consumer of the queue `archive`: it writes every event to the archive bucket."""

from collections.abc import Iterable, Mapping
from typing import Any

from bidder import log
from bidder.consumers.batch import Answer, answer, read_batch
from bidder.events.archive import archive_objects
from bidder.service.service import Service

CONSUMER = "archive"


def archive_events(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Writes the events of a batch of SQS records to S3. SQS delivers again each message that was not written."""
    batch = read_batch(records, CONSUMER)
    unwritten: list[str] = []
    for archive_object in archive_objects(batch.events):
        try:
            service.archive.put(archive_object)
        except Exception:  # one failed object must not send back the messages of the others
            log.error("archive.unwritten", key=archive_object.key, messages=len(archive_object.message_ids))
            unwritten += archive_object.message_ids
    return answer(batch, CONSUMER, unwritten)
