"""The little of DynamoDB that campaigns are kept by, in memory: tables, conditions, transactions, pages.

It evaluates the expressions that it is given and knows nothing of campaigns. `before_write` is called ahead of every
transaction: to write something else first, or to raise.
"""

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

Item = dict[str, Any]


class ClientError(Exception):
    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}, **more}


class TransactionCanceledException(ClientError):  # AWS's name
    def __init__(self, reasons: list[str]) -> None:
        super().__init__(type(self).__name__, CancellationReasons=[{"Code": reason} for reason in reasons])


class FakeTables:
    class exceptions:  # noqa: N801  # boto3's name
        ClientError = ClientError
        TransactionCanceledException = TransactionCanceledException

    def __init__(self, keys: dict[str, tuple[str, ...]]) -> None:
        self._keys = keys
        self.tables: dict[str, dict[tuple[str, ...], Item]] = {name: {} for name in keys}
        self.before_write: Callable[[], None] = lambda: None
        self.transactions = 0

    def get_item(self, *, TableName: str, Key: Item, ConsistentRead: bool) -> dict[str, Any]:  # noqa: N803
        assert ConsistentRead
        item = self.tables[TableName].get(self._key(TableName, Key))
        return {"Item": copy.deepcopy(item)} if item else {}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        [(table, asked)] = RequestItems.items()
        assert asked["ConsistentRead"]
        assert 0 < len(asked["Keys"]) <= 100
        answered, rest = asked["Keys"][:3], asked["Keys"][3:]
        found = [self.tables[table].get(self._key(table, key)) for key in answered]
        unread = {table: {"Keys": rest, "ConsistentRead": True}} if rest else {}
        return {"Responses": {table: copy.deepcopy([item for item in found if item])}, "UnprocessedKeys": unread}

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803
        self.before_write()
        assert len(TransactItems) <= 100
        self.transactions += 1
        reasons = [self._refusal(action) for action in TransactItems]
        if any(reasons):
            raise TransactionCanceledException([reason or "None" for reason in reasons])
        for action in TransactItems:
            [(verb, asked)] = action.items()
            table = self.tables[asked["TableName"]]
            if verb == "Put":
                size = sum(len(name) + _length(*value.values()) for name, value in asked["Item"].items())
                assert size <= 409_600, "ValidationException: Item size has exceeded the maximum allowed size"
                table[self._key(asked["TableName"], asked["Item"])] = copy.deepcopy(asked["Item"])
            elif verb == "Delete":
                del table[self._key(asked["TableName"], asked["Key"])]
            else:
                item = table.setdefault(self._key(asked["TableName"], asked["Key"]), dict(asked["Key"]))
                for name, value in re.findall(r"(\w+) = (:\w+)", asked["UpdateExpression"].removeprefix("SET ")):
                    item[name] = asked["ExpressionAttributeValues"][value]

    def get_paginator(self, operation: str) -> "FakePages":
        return FakePages(self, operation)

    def _key(self, table: str, attributes: Item) -> tuple[str, ...]:
        return tuple(attributes[name]["S"] for name in self._keys[table])

    def _refusal(self, action: dict[str, Any]) -> str | None:
        [(_, asked)] = action.items()
        condition = asked.get("ConditionExpression")
        item = self.tables[asked["TableName"]].get(self._key(asked["TableName"], asked.get("Item") or asked["Key"]), {})
        if condition is None or any(self._holds(term, item, asked) for term in condition.split(" OR ")):
            return None
        return "ConditionalCheckFailed"

    @staticmethod
    def _holds(term: str, item: Item, asked: dict[str, Any]) -> bool:
        absent = re.fullmatch(r"attribute_not_exists\((\w+)\)", term)
        if absent:
            return absent[1] not in item
        name, value = term.split(" = ")
        return bool(item.get(name) == asked["ExpressionAttributeValues"][value])


class FakePages:
    def __init__(self, fake: FakeTables, operation: str) -> None:
        self._fake = fake
        self._operation = operation

    def paginate(self, *, TableName: str, ConsistentRead: bool, **asked: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert ConsistentRead
        items = [self._fake.tables[TableName][key] for key in sorted(self._fake.tables[TableName])]
        if self._operation == "query":
            values = {name: value["S"] for name, value in asked["ExpressionAttributeValues"].items()}
            items = [item for item in items if item["pk"]["S"] == values[":pk"]]
            if "BETWEEN" in asked["KeyConditionExpression"]:
                items = [item for item in items if values[":first"] <= item["sk"]["S"] <= values[":last"]]
            if not asked.get("ScanIndexForward", True):
                items.reverse()
        for start in range(0, len(items), 2):
            yield {"Items": copy.deepcopy(items[start : start + 2])}


def _length(value: Any) -> int:
    return 1 if isinstance(value, bool) else len(value)
