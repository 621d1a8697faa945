"""The fallback queue `<stack>-notices`: events that SNS did not accept wait here, and its consumer publishes them."""

from typing import TYPE_CHECKING, Any

from bidder import log
from bidder.log import emf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_sqs import SQSClient

    from bidder.events.event import Event


class MessagesRefused(RuntimeError):
    """SQS accepted a call, but not all of its messages."""


class FallbackQueue:
    """Writes events to the fallback queue. Raises SQS's errors. The first event makes the SQS client."""

    def __init__(self, sqs: "Callable[[], SQSClient]", queue_url: str) -> None:
        self._sqs = sqs
        self._queue_url = queue_url

    def put(self, events: "Sequence[Event]", reason: str) -> None:
        """Sends up to ten events, and returns when SQS has all. A metric counts the reason. Raises NotTaken."""
        bodies = [event.model_dump_json(exclude_none=True) for event in events]
        if len(bodies) == 1:
            self._sqs().send_message(QueueUrl=self._queue_url, MessageBody=bodies[0])
        else:
            entries: Any = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
            answer = self._sqs().send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            if failed_entries := answer.get("Failed"):
                msg = f"SQS refused {len(failed_entries)} of {len(bodies)} events"
                raise MessagesRefused(msg)
        for event in events:
            log.warning("notice.fallback", **emf(event.at, "NoticeFallback", reason, kind=event.kind))
