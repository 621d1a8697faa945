"""moto's DynamoDB behind boto3's own client. Chosen calls fail before or after they take effect.

moto refuses what DynamoDB refuses: unknown names, transactions of more than 100 actions, items that are too large.
"""

import copy
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from threading import RLock
from typing import Any
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ReadTimeoutError
from moto.core.botocore_stubber import MockRawResponse
from moto.core.utils import normalize_request
from moto.dynamodb import models
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

Item = dict[str, Any]

REGION = "us-east-1"
KEYS = {
    "campaigns": ("id",),
    "history": ("pk", "sk"),
    "ledger": ("pk", "sk"),
    "learning": ("pk", "sk"),
    "frequency": ("pk", "sk"),
}
"""The tables of the stack with their keys, all of which are strings."""

WRITES = frozenset({"TransactWriteItems", "UpdateItem"})
_READ_AT_ONCE = 7
"""The most keys of a batch that are read at once, and the most items of a page."""


class Unreachable(ReadTimeoutError):
    """The connection broke. The caller cannot know whether the write took effect."""

    def __init__(self) -> None:
        super().__init__(endpoint_url="https://dynamodb.us-east-1.amazonaws.com/")


_accounts = itertools.count(100_000_000_000)
_one_at_a_time = RLock()  # DynamoDB's writes are atomic, but moto's are not between threads


class FaultyDynamoDB:
    """Tables in a separate AWS account. `client` is boto3's, and its calls go to moto in this process.

    `faults` yields the fault of each write: "before" or "after" it takes effect, "conflict" with another transaction,
    or nothing. `before_write` is called before each transaction, so that a test can write something else first, or
    raise. Batches and queries are answered in parts.
    """

    def __init__(self, *tables: str, faults: Iterator[str | None] | None = None) -> None:
        self.faults = faults
        self.before_write: Callable[[], None] = lambda: None
        self.read_at_once: Callable[[], int] = lambda: _READ_AT_ONCE
        """Returns the number of keys of the next batch that are read; the others stay unprocessed."""
        self.transactions = 0
        """The number of transactions that DynamoDB committed or cancelled."""
        self._account = str(next(_accounts))
        self._tables = tables
        self._plain, self.client = self._made(), self._made()
        for table in tables:
            create_table(self._plain, table, KEYS[table])
        events = self.client.meta.events
        events.register("provide-client-params.dynamodb", self._in_parts)
        events.register("before-call.dynamodb", self._fail_before)
        events.register("after-call.dynamodb", self._fail_after)

    def items(self, table: str | None = None) -> dict[tuple[str, ...], Item]:
        """The items of a table by their keys; by default, of the first table."""
        name = table or self._tables[0]
        pages = self._plain.get_paginator("scan").paginate(TableName=name)
        return {tuple(item[key]["S"] for key in KEYS[name]): item for page in pages for item in page["Items"]}

    def put(self, item: Item, table: str | None = None) -> None:
        """Stores an item without faults."""
        self._plain.put_item(TableName=table or self._tables[0], Item=item)

    def delete(self, *key: str, table: str | None = None) -> None:
        """Deletes an item without faults."""
        name = table or self._tables[0]
        self._plain.delete_item(
            TableName=name, Key={field: {"S": value} for field, value in zip(KEYS[name], key, strict=True)}
        )

    def close(self) -> None:
        """Deletes the account."""
        dynamodb_backends.pop(self._account, None)

    def _made(self) -> Any:
        """A client with its own event hooks. Creating a whole client takes longer than most tests."""
        whole = _client()
        client = object.__new__(type(whole))
        vars(client).update(vars(whole))
        client.meta = copy.copy(whole.meta)
        client.meta.events = copy.copy(client.meta.events)
        client.meta.events.register("before-call.dynamodb", self._name_account)
        return client

    def _name_account(self, params: dict[str, Any], **_: Any) -> None:
        params["headers"]["x-moto-account-id"] = self._account

    def _in_parts(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> dict[str, Any]:
        if model.name in {"Query", "Scan"}:
            return {"Limit": _READ_AT_ONCE, **params}
        if model.name == "TransactWriteItems":
            context["actions"] = len(params["TransactItems"])
        if model.name == "BatchGetItem":
            [(table, request)] = params["RequestItems"].items()
            read_count = self.read_at_once()
            rest = request["Keys"][read_count:]
            context["unread"] = {table: {**request, "Keys": rest}} if rest else {}
            if not read_count:
                context["is_unanswered"] = True
            return {**params, "RequestItems": {table: {**request, "Keys": request["Keys"][: read_count or 1]}}}
        return params

    def _fail_before(self, model: Any, context: dict[str, Any], **_: Any) -> None:
        if model.name == "TransactWriteItems":
            self.before_write()
            self.transactions += 1
        fault = next(self.faults, None) if self.faults and model.name in WRITES else None
        if fault == "before":
            raise Unreachable
        if fault == "conflict" and model.name == "UpdateItem":
            raise refusal("TransactionConflictException")
        if fault == "conflict":
            reasons = ["None"] * (context["actions"] - 1)
            raise refusal("TransactionCanceledException", [*reasons, "TransactionConflict"])
        context["fault"] = fault

    def _fail_after(self, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if context.get("fault") == "after" and "Error" not in parsed:
            raise Unreachable
        if context.get("unread"):
            parsed["UnprocessedKeys"] = context["unread"]
        if context.get("is_unanswered"):
            parsed["Responses"] = {}


def refusal(code: str, reasons: Sequence[str] = ()) -> ClientError:
    """DynamoDB's error with a code, and the reasons of a transaction's actions."""
    response: Any = {"Error": {"Code": code, "Message": code}}
    if reasons:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return _client().exceptions.from_code(code)(response, "TransactWriteItems")


def create_table(dynamodb: Any, name: str, keys: Sequence[str]) -> None:
    """Creates a table whose keys are strings, like all tables of the stack."""
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[{"AttributeName": key, "KeyType": "RANGE" if number else "HASH"} for number, key in enumerate(keys)],
    )


class _CheapCopies:
    """A replacement of `copy` for moto, which copies the whole table for each action of a transaction.

    With this function a transaction copies the table once, and only the items that its actions replace.
    """

    def __init__(self) -> None:
        self._copies: dict[int, Table] = {}

    def deepcopy(self, value: Any) -> Any:
        if not isinstance(value, Table):
            return copy.deepcopy(value)
        if id(value) not in self._copies:
            table = self._copies[id(value)] = copy.copy(value)
            table.items = defaultdict(dict, {key: _copied(item) for key, item in value.items.items()})
        return self._copies[id(value)]


def _copied(item: Any) -> Any:
    """A copy of an item, or of the items of a hash key by their range key."""
    if isinstance(item, dict):
        return {key: _copied(of_range) for key, of_range in item.items()}
    item_copy = copy.copy(item)
    item_copy.attrs = copy.copy(item.attrs)
    return item_copy


@cache
def _client() -> Any:
    session = boto3.Session(aws_access_key_id="moto", aws_secret_access_key="moto", region_name=REGION)  # noqa: S106
    client = session.client("dynamodb")
    answer: Callable[..., Any] = _answer  # the types of botocore do not know an answer
    client.meta.events.register("before-send.dynamodb", answer)
    return client


def _answer(request: Any, **_: Any) -> AWSResponse:
    """The answer of moto to an HTTP request of botocore.

    The request goes to the service by name, because moto's own hook tries the addresses of all services first.
    """
    normalized = normalize_request(request)
    with _one_at_a_time, patch.object(models, "copy", _CheapCopies()):
        status, headers, body = DynamoHandler.dispatch(normalized, normalized.raw_url, normalized.headers)
    return AWSResponse(request.url, status, headers, MockRawResponse(body))
