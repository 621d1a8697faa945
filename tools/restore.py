"""`make restore`: restores tables of a stack to a time, by DynamoDB's point-in-time recovery.

DynamoDB restores into a new table. Its items are copied into the stack's own table, and later items there are deleted.
Meanwhile the ledger function is paused, and its messages wait.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from bidder.aws.batches import batches_of
from tools.changes import describe_stack

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient

RECOVERED = ("campaigns", "history", "ledger")
"""The tables with point-in-time recovery, by their names on the command line."""
_A_BATCH = 25
"""The most writes of a BatchWriteItem."""
_PAUSE = 1.0

Item = Mapping[str, Any]


class CannotRestore(RuntimeError):
    """The restoration can't start or continue. The message says why and what to do."""


def restore(
    session: boto3.Session, stack: str, tables: tuple[str, ...], at: datetime, say: Callable[[str], None]
) -> dict[str, tuple[int, int]]:
    """Restores tables of the stack to a time in UTC. Returns the number of written and deleted items of each.

    Raises CannotRestore, and botocore's errors. An interrupted restoration can be repeated.
    """
    current = describe_stack(session.client("cloudformation"), stack)
    if current is None:
        msg = f"There is no stack {stack} in {session.region_name}"
        raise CannotRestore(msg)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in current["Outputs"]}
    dynamodb = session.client("dynamodb")
    counts = {}
    with pause_ledger(session, stack, say) if "ledger" in tables else nullcontext():
        for name in tables:
            source = outputs[f"Bidder{name.capitalize()}Table"]
            target = f"{source}-at-{at:%Y%m%dT%H%M%S}"
            say(f"{name}: restoring {source} at {at.isoformat()} as {target}")
            _restore_table(dynamodb, source, target, at)
            counts[name] = overwrite(dynamodb, target, source)
            put, removed = counts[name]
            say(f"{name}: {put} items put back, {removed} later items removed")
            dynamodb.delete_table(TableName=target)
    return counts


def _restore_table(dynamodb: "DynamoDBClient", source: str, target: str, at: datetime) -> None:
    with suppress(dynamodb.exceptions.TableAlreadyExistsException):  # an earlier call was interrupted
        dynamodb.restore_table_to_point_in_time(SourceTableName=source, TargetTableName=target, RestoreDateTime=at)
    # A restoration can take hours.
    dynamodb.get_waiter("table_exists").wait(TableName=target, WaiterConfig={"Delay": 5, "MaxAttempts": 2880})


def overwrite(dynamodb: "DynamoDBClient", source: str, target: str) -> tuple[int, int]:
    """Makes the items of the target equal to those of the source.

    Returns the number of written and of deleted items.
    """
    keys = [each["AttributeName"] for each in dynamodb.describe_table(TableName=target)["Table"]["KeySchema"]]
    expected = {_key(item, keys): item for item in _items(dynamodb, source)}
    writes: list[Any] = []
    put = removed = 0
    for item in _items(dynamodb, target):
        if (earlier := expected.pop(_key(item, keys), None)) is None:
            writes.append({"DeleteRequest": {"Key": {name: item[name] for name in keys}}})
            removed += 1
        elif earlier != item:
            writes.append({"PutRequest": {"Item": earlier}})
            put += 1
    writes += [{"PutRequest": {"Item": item}} for item in expected.values()]
    put += len(expected)
    for batch in batches_of(writes, _A_BATCH):
        _write(dynamodb, target, batch)
    return put, removed


def _items(dynamodb: "DynamoDBClient", table: str) -> Iterator[Item]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _key(item: Item, keys: list[str]) -> tuple[str, ...]:
    return tuple(str(item[name]) for name in keys)


def _write(dynamodb: "DynamoDBClient", table: str, writes: list[Any]) -> None:
    remaining: Any = {table: writes}
    while remaining:
        remaining = dynamodb.batch_write_item(RequestItems=remaining).get("UnprocessedItems")
        if remaining:
            time.sleep(_PAUSE)


@contextmanager
def pause_ledger(session: boto3.Session, stack: str, say: Callable[[str], None]) -> Iterator[None]:
    """Pauses the ledger function during the context; new messages wait in its queue."""
    functions: LambdaClient = session.client("lambda")
    resource = session.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId="Ledger")
    name = resource["StackResourceDetail"]["PhysicalResourceId"]
    mappings = functions.list_event_source_mappings()["EventSourceMappings"]
    ids = [each["UUID"] for each in mappings if f":function:{name}" in each["FunctionArn"]]
    if not ids:
        msg = f"No queue is connected to {name}"
        raise CannotRestore(msg)
    say("ledger: its function pauses")
    for each in ids:
        functions.update_event_source_mapping(UUID=each, Enabled=False)
    try:
        while any(functions.get_event_source_mapping(UUID=each)["State"] != "Disabled" for each in ids):
            time.sleep(_PAUSE)
        yield
    finally:
        for each in ids:
            functions.update_event_source_mapping(UUID=each, Enabled=True)
        say("ledger: its function continues")


def main() -> int:
    """Restores. Returns 0, or 1 after an error."""
    parser = argparse.ArgumentParser(prog="make restore", description=__doc__)
    parser.add_argument("--stack", default="bidder")
    parser.add_argument("--at", required=True, help="a UTC time, such as 2026-11-26T01:30:00Z")
    parser.add_argument("tables", nargs="+", choices=RECOVERED)
    arguments = parser.parse_args()
    try:
        at = datetime.fromisoformat(arguments.at)
    except ValueError:
        parser.error(f"--at {arguments.at}: no time such as 2026-11-26T01:30:00Z")
    if at.tzinfo is None:
        parser.error(f"--at {arguments.at}: it needs a time zone, such as Z")
    try:
        restore(boto3.Session(), arguments.stack, tuple(arguments.tables), at.astimezone(UTC), print)
    except (BotoCoreError, CannotRestore, ClientError, WaiterError) as error:
        print(error, file=sys.stderr)
        return 1
    if "ledger" in arguments.tables:
        print("Events since then are in the archive: bidder ledger recount --day D, for each day since, counts them.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
