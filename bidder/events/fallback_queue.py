"""Where events wait that SNS did not take: the queue `<stack>-notices`, whose consumer publishes them later."""

from typing import TYPE_CHECKING, Any

from bidder import log
from bidder.metrics import emf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_sqs import SQSClient

    from bidder.events.event import Event


class NotTaken(RuntimeError):
    """SQS took a call, and some of its messages not."""


class FallbackQueue:
    """Puts events aside; SQS's own errors pass through. The client is made when the first one is."""

    def __init__(self, sqs: "Callable[[], SQSClient]", queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def put(self, events: "Sequence[Event]", why: str) -> None:
        """Returns once SQS has all of up to ten events. `why` is counted in the metrics. Raises NotTaken."""
        bodies = [event.model_dump_json(exclude_none=True) for event in events]
        if len(bodies) == 1:
            self._sqs().send_message(QueueUrl=self._queue_url, MessageBody=bodies[0])
        else:
            entries: Any = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
            answer = self._sqs().send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            if failed := answer.get("Failed"):
                msg = f"SQS refused {len(failed)} of {len(bodies)} events"
                raise NotTaken(msg)
        for event in events:
            log.warning("notice.aside", **emf(event.at, "NoticeAside", why, kind=event.kind))
