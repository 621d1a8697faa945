"""Where events wait that SNS did not take: the queue `bid-events-notices`, whose consumer publishes them later."""

from typing import TYPE_CHECKING

from bidder import log
from bidder.events.event import Event
from bidder.metrics import emf

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_sqs import SQSClient


class FallbackQueue:
    """Puts events aside; SQS's own errors pass through. The client is made when the first one is."""

    def __init__(self, sqs: "Callable[[], SQSClient]", queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def put(self, event: Event, why: str) -> None:
        """Returns once SQS has the event. `why` is counted in the metrics."""
        self._sqs().send_message(QueueUrl=self._queue_url, MessageBody=event.model_dump_json(exclude_none=True))
        log.warning("notice.aside", **emf(event.at, "NoticeAside", why, kind=event.kind))
