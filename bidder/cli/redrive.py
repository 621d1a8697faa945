"""Redrives a dead-letter queue: `bidder events redrive QUEUE` moves its messages back to the source queue."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from bidder import aws
from bidder.cli.environment import target
from bidder.cli.output import number_of
from bidder.cli.progress import Progress
from bidder.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

_A_BATCH = 10
_UNKNOWN_ACTION = ("InvalidAction", "AWS.SimpleQueueService.UnsupportedOperation", "UnsupportedOperation")
"""The error codes of an SQS without StartMessageMoveTask, such as the local AWS."""


class MoveFailed(UserError, RuntimeError):
    """Messages could not be moved; the message has their number and the reason."""


def redrive(consumer: str, notices_queue: str, tell_stored: Callable[[str], None] = lambda _: None) -> None:
    """Moves the messages of a consumer's dead-letter queue back, with a bar. Raises MoveFailed.

    `notices_queue` is the URL of the queue `<stack>-notices`, which gives the name of the stack.

    After an interruption a message may be in both queues; consumers count a repeated message once.
    """
    sqs = aws.client("sqs")
    name = queue_name(notices_queue, consumer)
    queue = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    dead_letters = sqs.get_queue_url(QueueName=f"{name}-dead")["QueueUrl"]
    tell_stored("some messages may be back in their queue already; run the command again, repeated events count once")
    moved = move(sqs, dead_letters, queue)
    left = int(_attribute(sqs, dead_letters, "ApproximateNumberOfMessages"))
    print(f"{number_of(moved, 'message')} back in {name}, {left} left in its dead-letter queue ({target()})")


def queue_name(notices_queue: str, consumer: str) -> str:
    """The name of a consumer's queue, in the stack of the queue at this URL.

    Every queue of a stack begins with the stack's name: `<stack>-ledger`.
    """
    return notices_queue.rsplit("/", 1)[-1].removesuffix("notices") + consumer


def move(sqs: "SQSClient", dead_letters: str, queue: str) -> int:
    """Moves the messages of one queue to another, by their URLs. Returns their number. Raises MoveFailed."""
    waiting = int(_attribute(sqs, dead_letters, "ApproximateNumberOfMessages"))
    progress = Progress(waiting)
    try:
        moved = _by_sqs(sqs, dead_letters, queue, progress)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _UNKNOWN_ACTION:
            raise
        moved = _by_hand(sqs, dead_letters, queue, waiting, progress)
    progress.end()
    return moved


def _by_sqs(sqs: "SQSClient", dead_letters: str, queue: str, progress: Progress) -> int:
    """Moves the messages by SQS's own task. The destination is named, since messages from SNS have no source queue."""
    source = _attribute(sqs, dead_letters, "QueueArn")
    sqs.start_message_move_task(SourceArn=source, DestinationArn=_attribute(sqs, queue, "QueueArn"))
    while True:
        task = sqs.list_message_move_tasks(SourceArn=source, MaxResults=1)["Results"][0]
        moved = task.get("ApproximateNumberOfMessagesMoved", 0)
        progress.at(moved)
        if task["Status"] == "COMPLETED":
            return moved
        if task["Status"] != "RUNNING":
            msg = f"SQS moved {moved} messages, then: {task['Status']} {task.get('FailureReason', '')}".rstrip()
            raise MoveFailed(msg)
        time.sleep(1)


def _by_hand(sqs: "SQSClient", dead_letters: str, queue: str, waiting: int, progress: Progress) -> int:
    """Moves as many messages as were waiting at the start, so that messages that fail again cause no endless loop."""
    moved = 0
    while moved < waiting:
        messages = sqs.receive_message(
            QueueUrl=dead_letters, MaxNumberOfMessages=min(_A_BATCH, waiting - moved), MessageAttributeNames=["All"]
        ).get("Messages", [])
        if not messages:
            break
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(number),
                "MessageBody": message["Body"],
                "MessageAttributes": message.get("MessageAttributes", {}),
            }
            for number, message in enumerate(messages)
        ]
        # Messages are sent before they are deleted: an interruption duplicates a message, and loses none.
        sent = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
        for done in sent.get("Successful", []):
            sqs.delete_message(QueueUrl=dead_letters, ReceiptHandle=messages[int(done["Id"])]["ReceiptHandle"])
            moved += 1
        if refused := sent.get("Failed", []):
            msg = f"{moved} messages moved, then {len(refused)} were refused: {refused[0].get('Message', '')}"
            raise MoveFailed(msg)
        progress.at(moved)
    return moved


def _attribute(sqs: "SQSClient", url: str, name: str) -> str:
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]  # type: ignore[list-item,index]  # stubs: a literal of each name
