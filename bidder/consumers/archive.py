"""The archive's queue: keeps every event."""

from collections.abc import Iterable, Mapping
from typing import Any

from bidder import log
from bidder.consumers.batch import Answer, answer, read_batch
from bidder.events.archive import archive_objects
from bidder.service.service import Service

CONSUMER = "archive"


def archive_events(service: Service, records: Iterable[Mapping[str, Any]]) -> Answer:
    """Writes a batch of SQS records to the archive; what is not in S3 when this returns is delivered again."""
    batch = read_batch(records, CONSUMER)
    unwritten: list[str] = []
    for its in archive_objects(batch.events):
        try:
            service.archive.put(its)
        except Exception:  # whatever S3 or the way there suffers from: the other objects' messages are done
            log.error("archive.unwritten", key=its.key, messages=len(its.message_ids))
            unwritten += its.message_ids
    return answer(batch, CONSUMER, unwritten)
