"""Reads a batch of SQS records with S3 events, for all functions on uploads."""

from collections.abc import Callable, Mapping
from typing import Any

from bidder import log
from bidder.creatives.upload import NotAnUpload, Upload, uploads

Answer = dict[str, list[dict[str, str]]]


def each_upload(event: Mapping[str, Any], process: Callable[[Upload, str], None]) -> Answer:
    """Calls `process` with each upload of a batch and the body of its message.

    A message that is not an S3 event is logged and completed. After any other failure SQS delivers the message again;
    after some attempts it goes to the dead-letter queue.
    """
    failed = []
    for record in event["Records"]:
        try:
            for upload in uploads(record["body"]):
                process(upload, record["body"])
        except NotAnUpload as wrong:
            log.error("creative.not_an_upload", why=str(wrong))
        except Exception:  # any failure of AWS or ffmpeg must not affect the other messages
            log.error("creative.failed", message=record["messageId"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
