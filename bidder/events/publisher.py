"""Publishes events to the SNS topic `bid-events`."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bidder.events.event import Event
from bidder.events.fallback_queue import FallbackQueue
from bidder.side_by_side import outcomes

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

A_BATCH = 10
"""Messages that SNS and SQS take in one call."""

STEP_SECONDS = 3.25
"""How long SNS, and after it the fallback queue, may take for all events together."""


class EventPublisher:
    """Returns once every event is safe: SNS has it or, where that fails or hangs, the fallback queue has it.

    Calls run side by side, so many events take no longer than one: twice `STEP_SECONDS` at most. Without a fallback
    queue SNS's own errors pass through; with it, those of SQS; Late where neither has answered in time. An event may be
    published twice, when SNS took it and its answer was lost: consumers count it once.
    """

    def __init__(
        self,
        sns: "SNSClient",
        topic: str,
        fallback: FallbackQueue | None = None,
        step_seconds: float = STEP_SECONDS,
    ) -> None:
        self._sns = sns
        self._topic = topic
        self._fallback = fallback
        self._step_seconds = step_seconds

    def publish(self, event: Event) -> None:
        """Publishes the event, its attributes beside it for the consumers' filter policies."""
        [outcome] = outcomes([lambda: self._sns.publish(TopicArn=self._topic, **_message(event))], self._step_seconds)
        if isinstance(outcome, Exception):  # whatever the way to SNS suffers from
            self._put_aside([([event], outcome)])

    def publish_all(self, events: Sequence[Event]) -> None:
        """Publishes events together, by as few calls as possible."""
        batches = [events[start : start + A_BATCH] for start in range(0, len(events), A_BATCH)]
        left: list[tuple[Sequence[Event], Exception]] = []
        calls = [_call(self.publish_batch, batch) for batch in batches]
        for batch, outcome in zip(batches, outcomes(calls, self._step_seconds), strict=True):
            if isinstance(outcome, Exception):  # as above
                left.append((batch, outcome))
            elif outcome:
                left.append(([batch[position] for position in outcome], Refused(len(outcome), len(batch))))
        self._put_aside(left)

    def publish_batch(self, events: Sequence[Event]) -> list[int]:
        """Publishes up to `A_BATCH` events by one call: the positions of those that SNS refused. SNS's errors pass."""
        entries: Any = [{"Id": str(position), **_message(event)} for position, event in enumerate(events)]
        answer = self._sns.publish_batch(TopicArn=self._topic, PublishBatchRequestEntries=entries)
        return [int(failed["Id"]) for failed in answer.get("Failed", [])]

    def _put_aside(self, batches: Sequence[tuple[Sequence[Event], Exception]]) -> None:
        if not batches:
            return
        fallback = self._fallback
        if fallback is None:
            raise batches[0][1]
        calls = [_call(fallback.put, events, _reason(failure)) for events, failure in batches]
        for outcome in outcomes(calls, self._step_seconds):
            if isinstance(outcome, Exception):
                raise outcome


class Refused(RuntimeError):
    """SNS took a call, and some of its events not."""

    def __init__(self, refused: int, of: int) -> None:
        super().__init__(f"SNS refused {refused} of {of} events")


def _reason(failure: Exception) -> str:
    return "refused" if isinstance(failure, Refused) else type(failure).__name__


def _call(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: function(*arguments)


def _message(event: Event) -> Any:
    return {
        "Subject": f"bid {event.kind}",
        "Message": event.model_dump_json(exclude_none=True),
        "MessageAttributes": event.attributes(),
    }
