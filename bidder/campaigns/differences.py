"""The differences between two versions of a document, as lines of text."""

import json
from collections.abc import Iterator, Mapping, Sequence


def differences(before: object, after: object, path: str = "") -> Iterator[str]:
    """A line for each changed value, such as `budget.daily: 5 -> 7`.

    Lists of items with ids are compared item by item, other lists as a whole.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            inner_path = f"{path}.{name}" if path else str(name)
            yield from differences(before.get(name), after.get(name), inner_path)
        return
    old, new = _by_id(before), _by_id(after)
    if old is not None and new is not None:
        for name in sorted({*old, *new}):
            yield from differences(old.get(name), new.get(name), f"{path}[{name}]")
    elif before != after:
        yield f"{path}: {_text(before)} -> {_text(after)}"


def _by_id(value: object) -> dict[str, object] | None:
    if isinstance(value, Sequence) and value and all(isinstance(item, Mapping) and "id" in item for item in value):
        return {str(item["id"]): item for item in value}
    return None


def _text(value: object) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
