"""What all functions on uploads share: a batch of SQS records, each a message of S3."""

from collections.abc import Callable, Mapping
from typing import Any

from bidder import log
from bidder.creatives.upload import NotAnUpload, Upload, uploads

Answer = dict[str, list[dict[str, str]]]


def each_upload(event: Mapping[str, Any], process: Callable[[Upload, str], None]) -> Answer:
    """Calls `process` with each upload of a batch and the body of its message.

    A message that announces no upload is logged and done. What fails otherwise comes again, and after some attempts is
    a dead letter.
    """
    failed = []
    for record in event["Records"]:
        try:
            for upload in uploads(record["body"]):
                process(upload, record["body"])
        except NotAnUpload as wrong:
            log.error("creative.not_an_upload", why=str(wrong))
        except Exception:  # whatever AWS or ffmpeg suffers from: the other messages are done
            log.error("creative.failed", message=record["messageId"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
