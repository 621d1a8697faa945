"""Publishes events to the SNS topic `bid-events`."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from bidder.aws.batches import batches_within
from bidder.events.event import Event
from bidder.events.fallback_queue import FallbackQueue
from bidder.side_by_side import outcomes

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

MAX_MESSAGES = 10
"""The most messages of one call to SNS or SQS."""

MAX_CALL_BYTES = 256 * 1024
"""The most bytes of all messages of one call, which SNS limits to 256 KB with their attributes."""

_MAX_ATTRIBUTE_BYTES = 2_000
"""The most bytes of a message's subject and attributes."""

STEP_SECONDS = 3.25
"""The seconds that SNS, and after SNS the fallback queue, may take for all events together."""


class EventPublisher:
    """Publishes events to SNS or, where SNS fails or hangs, to the fallback queue. Returns when every event is stored.

    Calls run in parallel, so many events take no longer than one event: at most twice `STEP_SECONDS`. Raises SNS's
    errors without a fallback queue, SQS's errors with one, and Late if neither answers in time. If SNS's answer is
    lost, an event is published twice: consumers count the event once.
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
        """Publishes the event, with message attributes for the consumers' filter policies."""
        calls = [lambda: self._sns.publish(TopicArn=self._topic, **_make_message(event))]
        [outcome] = outcomes(calls, self._step_seconds)
        if isinstance(outcome, Exception):  # any failure of SNS or of the network
            for unstored in self._send_to_fallback([Unstored([event], outcome)], self._step_seconds):
                raise unstored.failure

    def publish_all(self, events: Sequence[Event]) -> None:
        """Publishes events in as few calls as possible."""
        if unstored := self.try_publish_all(events):
            raise unstored[0].failure

    def try_publish_all(self, events: Sequence[Event], step_seconds: float | None = None) -> list["Unstored"]:
        """Publishes events as `publish_all` does, and returns the events that neither SNS nor the queue has stored."""
        step = self._step_seconds if step_seconds is None else step_seconds
        messages = list(_batches(events))
        batches = [[event for event, _ in batch] for batch in messages]
        unstored: list[Unstored] = []
        calls = [_call(self._publish_messages, [message for _, message in batch]) for batch in messages]
        for batch, outcome in zip(batches, outcomes(calls, step), strict=True):
            if isinstance(outcome, Exception):  # as above
                unstored.append(Unstored(batch, outcome))
            elif outcome:
                refused_events = [batch[position] for position in outcome]
                unstored.append(Unstored(refused_events, EventsRefused(len(outcome), len(batch))))
        return self._send_to_fallback(unstored, step)

    def publish_batch(self, events: Sequence[Event]) -> list[int]:
        """Publishes up to `MAX_MESSAGES` events by one call; returns the positions of the refused ones.

        Raises SNS's errors.
        """
        return self._publish_messages([_make_message(event) for event in events])

    def _publish_messages(self, messages: Sequence[Any]) -> list[int]:
        entries: Any = [{"Id": str(position), **message} for position, message in enumerate(messages)]
        answer = self._sns.publish_batch(TopicArn=self._topic, PublishBatchRequestEntries=entries)
        return [int(failed["Id"]) for failed in answer.get("Failed", [])]

    def _send_to_fallback(self, batches: "list[Unstored]", seconds: float) -> "list[Unstored]":
        fallback = self._fallback
        if fallback is None:
            return batches
        calls = [_call(fallback.put, events, _reason(failure)) for events, failure in batches]
        results = zip(batches, outcomes(calls, seconds), strict=True)
        return [Unstored(batch.events, outcome) for batch, outcome in results if isinstance(outcome, Exception)]


class Unstored(NamedTuple):
    """Events that are not stored, and the error of the last call."""

    events: Sequence[Event]
    failure: Exception


class EventsRefused(RuntimeError):
    """SNS accepted a call, but not all of its events."""

    def __init__(self, refused: int, total: int) -> None:
        super().__init__(f"SNS refused {refused} of {total} events")


def _batches(events: Sequence[Event]) -> Iterator[list[tuple[Event, Any]]]:
    """The events with their messages, in batches of one call each.

    Counts of traffic are large, all other events are small.
    """

    def size(event_and_message: tuple[Event, Any]) -> int:
        return len(event_and_message[1]["Message"].encode()) + _MAX_ATTRIBUTE_BYTES

    return batches_within(((event, _make_message(event)) for event in events), size, MAX_MESSAGES, MAX_CALL_BYTES)


def _reason(failure: Exception) -> str:
    return "refused" if isinstance(failure, EventsRefused) else type(failure).__name__


def _call(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: function(*arguments)


def _make_message(event: Event) -> Any:
    return {
        "Subject": f"bid {event.kind}",
        "Message": event.model_dump_json(exclude_none=True),
        "MessageAttributes": event.attributes(),
    }
