"""A repair of MiniStack's point-in-time recovery: a restored table has the items of the requested time.

MiniStack itself copies the present items of the table.
"""

import copy
import time
from collections import deque
from typing import Any, NamedTuple

from ministack.services import dynamodb

MAX_CHANGES = 200_000
"""The most changes that are remembered; the oldest are dropped."""


class ItemChange(NamedTuple):
    """An item before a change, or None if the change created it. `at` is in seconds since 1970."""

    at: float
    table: str
    key: tuple[str, str]
    before: dict[str, Any] | None


_changes: deque[ItemChange] = deque(maxlen=MAX_CHANGES)
_emit = dynamodb._emit_stream_event
_restore = dynamodb._restore_table_to_point_in_time


def repair() -> None:
    """Replaces functions of MiniStack. Must be called before MiniStack starts."""
    dynamodb._emit_stream_event = _note_change
    dynamodb._restore_table_to_point_in_time = _restore_to_time


def items_at(changes: "deque[ItemChange] | list[ItemChange]", table: str, at: float) -> dict[tuple[str, str], Any]:
    """The items of a table at that time that differ from its present items, by key; None for a missing item."""
    earlier: dict[tuple[str, str], Any] = {}
    for change in changes:
        if change.table == table and change.at > at:
            earlier.setdefault(change.key, change.before)
    return earlier


def _note_change(name: str, event: str, old: Any, new: Any, *rest: Any, **more: Any) -> Any:
    if (table := dynamodb._tables.get(name)) is not None:
        _changes.append(ItemChange(time.time(), name, _key(table, old or new), copy.deepcopy(old)))
    return _emit(name, event, old, new, *rest, **more)


def _key(table: dict[str, Any], item: dict[str, Any]) -> tuple[str, str]:
    sort_key = table["sk_name"]
    return (
        dynamodb._extract_key_val(item[table["pk_name"]]),
        dynamodb._extract_key_val(item[sort_key]) if sort_key else "__no_sort__",
    )


def _restore_to_time(parameters: dict[str, Any]) -> Any:
    answer = _restore(parameters)
    if answer[0] == 200 and not parameters.get("UseLatestRestorableTime"):
        table = dynamodb._tables[parameters["TargetTableName"]]
        source = parameters.get("SourceTableName") or dynamodb._normalize_table_name(parameters["SourceTableArn"])
        for (partition, sort), item in items_at(_changes, source, float(parameters["RestoreDateTime"])).items():
            if item is None:
                dynamodb._remove_item(table, partition, sort)
            else:
                dynamodb._set_item(table, partition, sort, copy.deepcopy(item))
    return answer
