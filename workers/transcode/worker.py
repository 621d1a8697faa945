"""`python -m workers.transcode`: processes uploads from the batch queue, one at a time, until it is stopped.

A heartbeat hides a message from other workers while it is processed. On SIGTERM, which Fargate Spot sends two minutes
before it stops a machine, the worker returns its message to the queue immediately.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING

import boto3

from bidder import log
from bidder.creatives.process import Processor
from bidder.creatives.upload import NotAnUpload, uploads
from bidder.settings import InvalidSettings
from workers.transcode.settings import processor, read

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

HIDDEN_SECONDS = 120
"""The seconds after which the message of a worker that died is delivered again."""


class Stopped(BaseException):
    """The worker was stopped. Derived from BaseException, so that no error handler catches it."""


@dataclass
class Worker:
    """Receives messages from a queue and processes their uploads."""

    sqs: "SQSClient"
    queue: str
    processor: Processor
    wait_seconds: int = 20
    heartbeat_seconds: float = HIDDEN_SECONDS / 3
    is_stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Processes messages until the worker is stopped."""
        while not self.is_stopping.is_set():
            self.work_once()

    def work_once(self) -> bool:
        """Processes one message. Returns False if there was no message."""
        received = self.sqs.receive_message(
            QueueUrl=self.queue,
            MaxNumberOfMessages=1,
            WaitTimeSeconds=self.wait_seconds,
            VisibilityTimeout=HIDDEN_SECONDS,
        )
        for message in received.get("Messages", []):
            self._work(message["Body"], message["ReceiptHandle"])
            return True
        return False

    def _work(self, body: str, receipt: str) -> None:
        done = threading.Event()
        heartbeat = threading.Thread(target=self._beat, args=(receipt, done), daemon=True)
        heartbeat.start()
        try:
            for upload in uploads(body):
                self.processor.process(upload)
        except NotAnUpload as wrong:
            log.error("creative.not_an_upload", why=str(wrong))
        except Stopped:
            self._hide(receipt, 0)
            raise
        except Exception:  # SQS delivers the message again, and moves it to the dead-letter queue in the end
            log.error("creative.failed")
            self._hide(receipt, 30)
            return
        finally:
            done.set()
            heartbeat.join()
        self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=receipt)

    def _beat(self, receipt: str, done: threading.Event) -> None:
        while not done.wait(self.heartbeat_seconds):
            self._hide(receipt, HIDDEN_SECONDS)

    def _hide(self, receipt: str, seconds: int) -> None:
        self.sqs.change_message_visibility(QueueUrl=self.queue, ReceiptHandle=receipt, VisibilityTimeout=seconds)

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Stops the current work; its message returns to the queue."""
        self.is_stopping.set()
        raise Stopped


def main(start: Callable[[Worker], None] = Worker.run) -> int:
    """Runs a worker with the settings of the environment. Returns the exit status."""
    log.to_stdout()
    try:
        settings = read(os.environ)
    except InvalidSettings as wrong:
        print(wrong, file=sys.stderr)
        return 2
    if settings.batch_queue is None:
        print("BIDDER_BATCH_QUEUE: the URL of the queue to work on is missing", file=sys.stderr)
        return 2
    worker = Worker(boto3.client("sqs"), settings.batch_queue, processor(settings, is_function=False))
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, worker.stop)
    try:
        start(worker)
    except Stopped:
        log.event("worker.stopped")
    return 0
