"""The chain from notices to spend and archive with injected faults: AWS in memory, the real handlers.

An AWS call fails before or after it takes effect. A handler dies between any two of its lines. A message is delivered
repeatedly, late and in any order, or moves to the dead-letter queue until a redrive.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from botocore.exceptions import ClientError

from bidder.consumers.archive import archive_events
from bidder.consumers.ledger import count_spend
from bidder.consumers.notices import publish_again
from bidder.events.archive import Archive
from bidder.events.bounded_sets import BoundedSets
from bidder.events.event import Event
from bidder.events.fallback_queue import FallbackQueue
from bidder.events.ivt_filter import IvtFilter
from bidder.events.ledger import Ledger
from bidder.events.publisher import EventPublisher
from bidder.service.service import Service
from tests.support.dynamodb import FaultyDynamoDB, Unreachable
from tests.support.fake_s3 import FakeS3
from tests.support.service import service

HANDLERS = {"notices": publish_again, "ledger": count_spend, "archive": archive_events}
_OURS = str(Path(sys.modules["bidder.consumers.ledger"].__file__ or "").parents[1])
MAX_RECEIVED = 5


class Died(BaseException):
    """The process ends between two lines of its code."""


@dataclass
class Queue:
    """SQS with delivery at least once. After `MAX_RECEIVED` receives a message moves to the dead letters, `aside`."""

    waiting: list[tuple[str, str, int]] = field(default_factory=list)
    """Message id, body, and the number of deliveries."""
    aside: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0

    def send(self, body: str) -> None:
        self.sent += 1
        self.waiting.append((f"m{self.sent}", body, 0))

    def __len__(self) -> int:
        return len(self.waiting)

    def redrive(self) -> None:
        self.waiting += [(message_id, body, 0) for message_id, body in self.aside]
        self.aside.clear()

    def deliver(self, rng: Random, maximum: int, handler: Callable[[list[dict[str, str]]], Any]) -> None:
        rng.shuffle(self.waiting)
        batch, self.waiting = self.waiting[:maximum], self.waiting[maximum:]
        try:
            answer = handler([{"messageId": message_id, "body": body} for message_id, body, _ in batch])
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        except (Died, Unreachable, ClientError):
            failed = {message_id for message_id, *_ in batch}
        for message_id, body, received in batch:
            # SQS may deliver an acknowledged message again, here up to five times.
            if message_id not in failed and rng.random() >= 0.1:
                continue
            if received + 1 < MAX_RECEIVED:
                self.waiting.append((message_id, body, received + 1))
            elif message_id in failed:
                self.aside.append((message_id, body))


class Chain:
    """The topic, its queues and the tables. `harm` is the share of calls that fail and of handlers that die, 0 to 1."""

    table, topic, aside, bucket = "ledger", "topic", "queue", "archive"

    def __init__(self, rng: Random, harm: float) -> None:
        self.rng = rng
        self.harm = harm
        self.faults = Faults(self)
        self.died = 0
        self.queues: dict[str, Any] = {"notices": Queue(), "ledger": Queue(), "archive": Queue()}
        self.dynamodb: Any = FaultyDynamoDB("ledger", faults=self.faults).client
        self.s3: Any = FakeS3()
        self.s3.before_write = self.s3.after_write = self._fail
        self.sns: Any = self
        self.sqs: Any = self

    def process(self) -> Service:
        """A new process without the state of earlier processes."""
        ledger = Ledger(self.dynamodb, self.table)
        judge = IvtFilter(BoundedSets(self.dynamodb, self.table))
        publisher = EventPublisher(self.sns, self.topic, FallbackQueue(lambda: self.sqs, self.aside))
        archive = Archive(self.s3, self.bucket)
        return service(None, ledger=ledger, ivt_filter=judge, publisher=publisher, archive=archive)

    def notify(self, event: Event) -> None:
        """Reports the event until it is accepted, as exchanges do after a 503."""
        while True:
            try:
                with self.mortal():
                    self.process().publisher.publish(event)
            except (Died, Unreachable):
                continue
            return

    def work(self) -> None:
        """Delivers a batch of each queue to a new process."""
        for name, handler in HANDLERS.items():
            if len(self.queues[name]):
                maximum = self.rng.randint(1, 10 if name == "notices" else 100)
                self.queues[name].deliver(self.rng, maximum, self._dying(handler))

    def settle(self) -> None:
        """Stops the faults, and redrives dead letters until all queues are empty.

        SQS moves a message to the dead-letter queue at its next receive, so one redrive may not be enough.
        """
        self.harm = 0
        while any(len(queue) or queue.aside for queue in self.queues.values()):
            for queue in self.queues.values():
                queue.redrive()
            self.work()

    def publish(self, *, Message: str, **_: Any) -> None:  # noqa: N803
        self._carry(lambda: self._fan_out(Message))

    def publish_batch(self, *, PublishBatchRequestEntries: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803
        failed_entries = [entry for entry in PublishBatchRequestEntries if self.rng.random() < self.harm]
        accepted = [entry for entry in PublishBatchRequestEntries if entry not in failed_entries]
        self._carry(lambda: self._fan_out(*(entry["Message"] for entry in accepted)))
        return {"Failed": [{"Id": entry["Id"]} for entry in failed_entries]}

    def send_message(self, *, MessageBody: str, **_: Any) -> None:  # noqa: N803
        self._carry(lambda: self.queues["notices"].send(MessageBody))

    def send_message_batch(self, *, Entries: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803
        self._carry(lambda: [self.queues["notices"].send(entry["MessageBody"]) for entry in Entries])
        return {}

    def _fan_out(self, *messages: str) -> None:
        for message in messages:
            self.queues["ledger"].send(message)
            self.queues["archive"].send(message)

    def _fail(self, _key: str) -> None:
        if self.rng.random() < self.harm / 2:
            raise Unreachable

    def _carry(self, effect: Callable[[], object]) -> None:
        fault = next(self.faults)
        if fault == "before":
            raise Unreachable
        effect()
        if fault == "after":
            raise Unreachable

    def _dying(self, handler: Callable[..., Any]) -> Callable[[list[dict[str, str]]], Any]:
        def handle(records: list[dict[str, str]]) -> Any:
            with self.mortal():
                return handler(self.process(), records)

        return handle

    def mortal(self) -> "_Mortal":
        """A context in which the code may die after a random number of lines."""
        return _Mortal(self, self.rng.randint(1, 600) if self.rng.random() < self.harm else None)


class Faults:
    """The fault of each next AWS call of a chain: before or after it takes effect, a conflict, or none.

    Threads may take faults at the same time, which a generator refuses.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def __iter__(self) -> "Faults":
        return self

    def __next__(self) -> str | None:
        fails = self._chain.rng.random() < self._chain.harm
        return self._chain.rng.choice(["before", "after", "conflict"]) if fails else None


class _Mortal:
    def __init__(self, chain: Chain, lines: int | None) -> None:
        self.chain = chain
        self.left = lines

    def __enter__(self) -> None:
        if self.left is not None:
            sys.settrace(self._called)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _called(self, frame: FrameType, _event: str, _argument: object) -> Any:
        return self._line if frame.f_code.co_filename.startswith(_OURS) else None

    def _line(self, _frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line" and self.left is not None:
            self.left -= 1
            if self.left <= 0:
                sys.settrace(None)
                self.chain.died += 1
                raise Died
        return self._line
