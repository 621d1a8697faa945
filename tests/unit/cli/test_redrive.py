"""`events redrive` moves dead letters back to their queue, by SQS or one by one, without loss."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from bidder.cli.redrive import MoveFailed, move
from tests.support.account import Account
from tests.unit.cli.conftest import Command


def send_dead_letters(account: Account, number: int) -> None:
    for position in range(number):
        account.sqs.send_message(
            QueueUrl=account.queues["ledger-dead"],
            MessageBody=f"event {position}",
            MessageAttributes={"kind": {"DataType": "String", "StringValue": "impression"}},
        )


def no_move_tasks(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """An SQS without message move tasks, like the local AWS."""

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "InvalidAction", "Message": "unknown"}}, "StartMessageMoveTask")

    monkeypatch.setattr(account.sqs, "start_message_move_task", refuse)


def test_messages_are_moved_one_by_one_with_their_attributes_if_sqs_has_no_move_tasks(
    account: Account, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_move_tasks(account, monkeypatch)
    send_dead_letters(account, 23)

    status, out, err = command("events", "redrive", "ledger")

    assert (status, err) == (0, "")
    assert out.startswith("23 messages back in bid-events-ledger, 0 left in its dead-letter queue (")
    assert (account.waiting("ledger"), account.waiting("ledger-dead")) == (23, 0)
    [message] = account.sqs.receive_message(QueueUrl=account.queues["ledger"], MessageAttributeNames=["All"])[
        "Messages"
    ]
    assert message["MessageAttributes"]["kind"]["StringValue"] == "impression"


def test_a_message_that_the_queue_refuses_stays_in_the_dead_letter_queue(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_move_tasks(account, monkeypatch)
    send_dead_letters(account, 3)
    send = account.sqs.send_message_batch

    def refuse_the_last(*, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803  # boto3's names
        sent = send(QueueUrl=QueueUrl, Entries=Entries[:-1])
        return {**sent, "Failed": [{"Id": Entries[-1]["Id"], "Message": "too long"}]}

    monkeypatch.setattr(account.sqs, "send_message_batch", refuse_the_last)

    with pytest.raises(MoveFailed, match="2 messages moved, then 1 were refused: too long"):
        move(account.sqs, account.queues["ledger-dead"], account.queues["ledger"])
    assert account.waiting("ledger") == 2


class MovingQueue:
    """An SQS with message move tasks, each with a list of statuses."""

    def __init__(self, *tasks: dict[str, Any]) -> None:
        self.tasks = list(tasks)
        self.started: list[dict[str, str]] = []

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803
        attributes = {"QueueArn": f"arn:{QueueUrl}", "ApproximateNumberOfMessages": "7"}
        return {"Attributes": {name: attributes[name] for name in AttributeNames}}

    def start_message_move_task(self, **arguments: str) -> None:
        self.started.append(arguments)

    def list_message_move_tasks(self, *, SourceArn: str, MaxResults: int) -> dict[str, Any]:  # noqa: N803
        assert (SourceArn, MaxResults) == ("arn:aside", 1)
        return {"Results": [self.tasks.pop(0)]}


def test_a_move_task_is_polled_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("bidder.cli.redrive.time.sleep", slept.append)
    queue: Any = MovingQueue(
        {"Status": "RUNNING", "ApproximateNumberOfMessagesMoved": 4},
        {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 7},
    )

    assert move(queue, "aside", "queue") == 7
    assert queue.started == [{"SourceArn": "arn:aside", "DestinationArn": "arn:queue"}]
    assert len(slept) == 1


def test_a_failed_move_task_reports_the_number_of_moved_messages() -> None:
    queue: Any = MovingQueue({"Status": "FAILED", "ApproximateNumberOfMessagesMoved": 3, "FailureReason": "no access"})

    with pytest.raises(MoveFailed, match="SQS moved 3 messages, then: FAILED no access"):
        move(queue, "aside", "queue")


def test_another_error_of_sqs_is_raised(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "StartMessageMoveTask")

    monkeypatch.setattr(account.sqs, "start_message_move_task", refuse)
    send_dead_letters(account, 1)

    with pytest.raises(ClientError, match="AccessDenied"):
        move(account.sqs, account.queues["ledger-dead"], account.queues["ledger"])
    assert account.waiting("ledger-dead") == 1
