"""The transcode function: one upload a message. Uploads that are too long go to the container worker's queue."""

from collections.abc import Mapping
from typing import Any

import boto3

from bidder import log
from bidder.creatives.process import TooLongForFunction
from bidder.creatives.upload import Upload
from workers.transcode.batch import Answer, each_upload
from workers.transcode.settings import function_processor, function_settings

log.to_stdout()


def handler(event: Mapping[str, Any], _context: object) -> Answer:
    """Transcodes the uploads of a batch of SQS records."""
    return each_upload(event, _transcode)


def _transcode(upload: Upload, body: str) -> None:
    try:
        function_processor().process(upload)
    except TooLongForFunction:
        queue = function_settings().batch_queue
        if queue is None:
            raise
        boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=body)
        log.event("creative.to_worker", key=upload.key)
