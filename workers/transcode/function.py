"""The transcode function: one upload a message. Uploads that are too long go to the container worker's queue."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import boto3

from bidder import log
from bidder.creatives.process import Processor, TooLongForFunction
from bidder.creatives.upload import Upload
from workers.transcode.batch import Answer, each_upload
from workers.transcode.settings import WorkerSettings, processor, read

log.to_stdout()


@cache
def settings() -> WorkerSettings:
    """This process's settings."""
    return read(os.environ)


@cache
def transcoder() -> Processor:
    """This process's processor."""
    return processor(settings(), is_function=True)


def handler(event: Mapping[str, Any], _context: object) -> Answer:
    """Transcodes the uploads of a batch of SQS records."""
    return each_upload(event, _transcode)


def _transcode(upload: Upload, body: str) -> None:
    try:
        transcoder().process(upload)
    except TooLongForFunction:
        queue = settings().batch_queue
        if queue is None:
            raise
        boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=body)
        log.event("creative.to_worker", key=upload.key)
