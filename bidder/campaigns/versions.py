"""Versioned writes with a history in DynamoDB, as campaigns and named documents share them.

An item has a `version`, the number of its changes so far. Each write states the version that it read, so that of two
writers one fails. Its transaction also puts an entry of the history, by `pk` and `sk` `version#<n>`.
"""

from datetime import datetime
from typing import Any


def number_key(number: int) -> str:
    """A number as part of a sort key: twelve digits, so that keys sort as numbers do."""
    return f"{number:012}"


def unchanged_since(version: int) -> dict[str, Any]:
    """The condition of a write that replaces this version; 0 is for an item that does not exist."""
    if version == 0:
        return {"ConditionExpression": "attribute_not_exists(version)"}
    values = {":seen": {"N": str(version)}}
    return {"ConditionExpression": "version = :seen", "ExpressionAttributeValues": values}


def history_entry(pk: str, version: int, at: datetime, author: str) -> dict[str, Any]:
    """The entry of the change that made a version, without its documents."""
    return {
        "pk": {"S": pk},
        "sk": {"S": f"version#{number_key(version)}"},
        "at": {"S": at.isoformat(timespec="seconds")},
        "who": {"S": author},
    }


def version_of(entry: Any) -> int:
    """The version that the change of an entry made."""
    return int(entry["sk"]["S"].removeprefix("version#"))
