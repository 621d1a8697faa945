"""The little of DynamoDB that the ledger uses, in memory, failing as told.

Independent of the ledger: it knows items, conditions and ADD, nothing of bids. `faults` yields for each write what is
to go wrong: "before" it took effect, "after" it, "conflict" with another transaction, or nothing.
"""

import re
from collections.abc import Iterator
from threading import RLock
from typing import Any

Key = tuple[str, str]

MOST_IN_A_TRANSACTION = 100


class Unreachable(Exception):
    """The connection broke; the caller can't know whether the write took effect."""


class TransactionCanceledException(Exception):  # AWS's name
    def __init__(self, reasons: list[str]) -> None:
        super().__init__(str(reasons))
        self.response = {"CancellationReasons": [{"Code": reason} for reason in reasons]}


class TransactionConflictException(Exception):  # AWS's name
    pass


class ConditionalCheckFailedException(Exception):  # AWS's name
    pass


class FakeDynamoDB:
    class exceptions:  # noqa: N801  # boto3's name
        TransactionCanceledException = TransactionCanceledException
        TransactionConflictException = TransactionConflictException
        ConditionalCheckFailedException = ConditionalCheckFailedException

    def __init__(self, faults: Iterator[str | None] | None = None) -> None:
        self.items: dict[Key, dict[str, Any]] = {}
        self.faults = faults
        self.writes = 0
        self._writing = RLock()

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803
        assert len(TransactItems) <= MOST_IN_A_TRANSACTION, "ValidationException: more than 100 actions"
        with self._writing:
            self._transact(TransactItems)

    def _transact(self, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803
        self.writes += 1
        fault = next(self.faults, None) if self.faults else None
        if fault == "before":
            raise Unreachable
        if fault == "conflict":
            raise TransactionCanceledException(["None"] * (len(TransactItems) - 1) + ["TransactionConflict"])
        reasons = [self._refusal(action) for action in TransactItems]
        if any(reasons):
            raise TransactionCanceledException([reason or "None" for reason in reasons])
        for action in TransactItems:
            self._apply(action)
        if fault == "after":
            raise Unreachable

    def update_item(
        self,
        *,
        Key: dict[str, Any],  # noqa: N803
        UpdateExpression: str,  # noqa: N803
        ExpressionAttributeValues: dict[str, Any],  # noqa: N803
        ConditionExpression: str | None = None,  # noqa: N803
        ExpressionAttributeNames: dict[str, str] | None = None,  # noqa: N803
        **_: Any,
    ) -> None:
        with self._writing:
            self._update(
                Key, UpdateExpression, ExpressionAttributeValues, ConditionExpression, ExpressionAttributeNames
            )

    def _update(
        self,
        Key: dict[str, Any],  # noqa: N803
        UpdateExpression: str,  # noqa: N803
        ExpressionAttributeValues: dict[str, Any],  # noqa: N803
        ConditionExpression: str | None,  # noqa: N803
        ExpressionAttributeNames: dict[str, str] | None,  # noqa: N803
    ) -> None:
        fault = next(self.faults, None) if self.faults else None
        if fault == "before":
            raise Unreachable
        if fault == "conflict":
            raise TransactionConflictException
        values = ExpressionAttributeValues
        if ConditionExpression:
            assert ConditionExpression == "attribute_not_exists(#set) OR size(#set) < :most OR contains(#set, :member)"
            held = self.items.get(_key(Key), {}).get((ExpressionAttributeNames or {})["#set"], {"SS": []})["SS"]
            if len(held) >= int(values[":most"]["N"]) and values[":member"]["S"] not in held:
                raise ConditionalCheckFailedException
        item = self.items.setdefault(_key(Key), dict(Key))
        sets, _ignored, adds = UpdateExpression.partition("ADD ")
        for name, value in re.findall(r"(\w+) = (:\w+)", sets):
            item[name] = values[value]
        for word, value in re.findall(r"(#\w+) (:\w+)", adds):
            name = (ExpressionAttributeNames or {})[word]
            if "N" in values[value]:
                item[name] = {"N": str(int(item.get(name, {"N": "0"})["N"]) + int(values[value]["N"]))}
                continue
            item[name] = {"SS": sorted({*item.get(name, {"SS": []})["SS"], *values[value]["SS"]})}
        if fault == "after":
            raise Unreachable

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        [(table, asked)] = RequestItems.items()
        assert len(asked["Keys"]) <= 100
        assert asked["ConsistentRead"]
        answered, rest = asked["Keys"][:7], asked["Keys"][7:]
        found = [self.items[_key(key)] for key in answered if _key(key) in self.items]
        unread = {table: {"Keys": rest, "ConsistentRead": True}} if rest else {}
        return {"Responses": {table: found}, "UnprocessedKeys": unread}

    def query(self, *, ExpressionAttributeValues: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        pk, first = (ExpressionAttributeValues[name]["S"] for name in (":pk", ":first"))
        return {"Items": [item for key, item in self.items.items() if key[0] == pk and key[1] >= first]}

    def get_paginator(self, operation: str) -> "FakeDynamoDB":
        assert operation == "query"
        return self

    def paginate(self, *, ExpressionAttributeValues: dict[str, Any], **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        for key in sorted(self.items):
            if key[0] == ExpressionAttributeValues[":pk"]["S"]:
                yield {"Items": [self.items[key]]}

    def _refusal(self, action: dict[str, Any]) -> str | None:
        put = action.get("Put")
        if put:
            held = self.items.get(_key(put["Item"]))
            if put["ConditionExpression"] == "version = :version":
                wanted = put["ExpressionAttributeValues"][":version"]
                return None if held and held["version"] == wanted else "ConditionalCheckFailed"
            assert put["ConditionExpression"] == "attribute_not_exists(pk)"
            return "ConditionalCheckFailed" if held else None
        return None

    def _apply(self, action: dict[str, Any]) -> None:
        if "Put" in action:
            self.items[_key(action["Put"]["Item"])] = action["Put"]["Item"]
            return
        update = action["Update"]
        item = self.items.setdefault(_key(update["Key"]), dict(update["Key"]))
        sets, _, adds = update["UpdateExpression"].partition("ADD ")
        for name, value in re.findall(r"(\w+) = (:\w+)", sets):
            item[name] = update["ExpressionAttributeValues"][value]
        for word, value in re.findall(r"(#?\w+) (:\w+)", adds):
            name = update["ExpressionAttributeNames"][word] if word.startswith("#") else word
            more = int(update["ExpressionAttributeValues"][value]["N"])
            item[name] = {"N": str(int(item.get(name, {"N": "0"})["N"]) + more)}


def _key(attributes: dict[str, Any]) -> Key:
    return (attributes["pk"]["S"], attributes["sk"]["S"])
