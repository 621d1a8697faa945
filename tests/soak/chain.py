"""From notices to spend, with everything on the way failing: SNS, SQS and DynamoDB in memory, the real handlers.

A call of AWS fails before or after it took effect, a handler dies between any two of its lines, a message comes several
times, late and in any order, or is given up and put aside until somebody redrives it.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

from bidder.endpoints.record import record
from bidder.endpoints.republish import republish
from bidder.endpoints.service import Service
from bidder.events.aside import Aside
from bidder.events.event import Event
from bidder.events.judge import Judge
from bidder.events.ledger import Ledger
from bidder.events.places import Places
from bidder.events.publisher import Publisher
from tests.fake_dynamodb import FakeDynamoDB, TransactionConflictException, Unreachable
from tests.service import service

_OURS = str(Path(sys.modules["bidder.endpoints.record"].__file__ or "").parents[1])
MOST_RECEIVED = 5


class Died(BaseException):
    """The process is gone, between two lines."""


@dataclass
class Queue:
    """SQS, at least once: a message comes again until it is done, or was received too often and is put aside."""

    waiting: list[tuple[str, int]] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)

    def send(self, body: str) -> None:
        self.waiting.append((body, 0))

    def redrive(self) -> None:
        self.waiting += [(body, 0) for body in self.aside]
        self.aside.clear()

    def deliver(self, rng: Random, most: int, handler: Callable[[list[dict[str, str]]], Any]) -> None:
        rng.shuffle(self.waiting)
        batch, self.waiting = self.waiting[:most], self.waiting[most:]
        records = [{"messageId": str(number), "body": body} for number, (body, _) in enumerate(batch)]
        try:
            answer = handler(records)
            failed = {int(its["itemIdentifier"]) for its in answer["batchItemFailures"]}
        except (Died, Unreachable, TransactionConflictException):
            failed = set(range(len(batch)))
        # Now and then a message that is done comes again all the same, up to five times.
        again = {number for number in range(len(batch)) if rng.random() < 0.1}
        for number in failed | again:
            body, received = batch[number]
            if received + 1 < MOST_RECEIVED:
                self.waiting.append((body, received + 1))
            elif number in failed:
                self.aside.append(body)


class Chain:
    """The topic, its queues and the tables; `harm` is the share of calls that fail and of handlers that die."""

    def __init__(self, rng: Random, harm: float) -> None:
        self.rng = rng
        self.harm = harm
        self.notices, self.ledger = Queue(), Queue()
        self.dynamodb = FakeDynamoDB(self._faults())

    def process(self) -> Service:
        """A new process: it knows nothing of those before it."""
        ledger = Ledger(self.dynamodb, "ledger")  # type: ignore[arg-type]
        judge = Judge(Places(self.dynamodb, "ledger"))  # type: ignore[arg-type]
        publisher = Publisher(self, "topic", Aside(lambda: self, "queue"))  # type: ignore[arg-type,return-value]
        return service(None, ledger=ledger, judge=judge, publisher=publisher)

    def notify(self, event: Event) -> None:
        """Reports the event until it is heard, as exchanges do with a 503."""
        while True:
            try:
                with self.mortal():
                    self.process().publisher.publish(event)
            except (Died, Unreachable):
                continue
            return

    def work(self) -> None:
        """Delivers a batch of each queue to a new process."""
        for queue, handler in ((self.notices, republish), (self.ledger, record)):
            if queue.waiting:
                queue.deliver(self.rng, self.rng.randint(1, 100 if queue is self.ledger else 10), self._dying(handler))

    def settle(self) -> None:
        """No more harm: what was put aside comes again, until nothing waits."""
        self.harm = 0
        for queue in (self.notices, self.ledger):
            queue.redrive()
        while self.notices.waiting or self.ledger.waiting:
            self.work()

    def publish(self, *, Message: str, **_: Any) -> None:  # noqa: N803
        self._carry(lambda: self.ledger.send(Message))

    def publish_batch(self, *, PublishBatchRequestEntries: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803
        refused = [entry for entry in PublishBatchRequestEntries if self.rng.random() < self.harm]
        taken = [entry for entry in PublishBatchRequestEntries if entry not in refused]
        self._carry(lambda: [self.ledger.send(entry["Message"]) for entry in taken])
        return {"Failed": [{"Id": entry["Id"]} for entry in refused]}

    def send_message(self, *, MessageBody: str, **_: Any) -> None:  # noqa: N803
        self._carry(lambda: self.notices.send(MessageBody))

    def _carry(self, effect: Callable[[], object]) -> None:
        fault = next(self._faults())
        if fault == "before":
            raise Unreachable
        effect()
        if fault == "after":
            raise Unreachable

    def _faults(self) -> Iterator[str | None]:
        while True:
            fails = self.rng.random() < self.harm
            yield self.rng.choice(["before", "after", "conflict"]) if fails else None

    def _dying(self, handler: Callable[..., Any]) -> Callable[[list[dict[str, str]]], Any]:
        def handle(records: list[dict[str, str]]) -> Any:
            with self.mortal():
                return handler(self.process(), records)

        return handle

    def mortal(self) -> "_Mortal":
        """Where the code dies after so many of its lines, if it does."""
        return _Mortal(self.rng.randint(1, 600) if self.rng.random() < self.harm else None)


class _Mortal:
    def __init__(self, lines: int | None) -> None:
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
                raise Died
        return self._line
