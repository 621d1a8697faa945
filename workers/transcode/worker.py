"""`python -m workers.transcode`: takes uploads from the batch queue, one at a time, until it is told to stop.

A message stays hidden from other workers by a heartbeat while it is worked on. SIGTERM, which Fargate Spot sends two
minutes before it takes a machine away, hands the message back at once.
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
"""A message of a worker that died comes again after this long."""


class Stopped(BaseException):
    """The worker was told to stop. No handler of errors may take it for one."""


@dataclass
class Worker:
    """Takes messages from a queue and processes the uploads that they announce."""

    sqs: "SQSClient"
    queue: str
    processor: Processor
    wait_seconds: int = 20
    heartbeat_seconds: float = HIDDEN_SECONDS / 3
    is_stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Works until it is told to stop."""
        while not self.is_stopping.is_set():
            self.work_once()

    def work_once(self) -> bool:
        """Processes one message; False where none came."""
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
        except Exception:  # whatever it suffers from, the message comes again, and at last is a dead letter
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
        """Ends the work at hand; its message goes back to the queue."""
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
