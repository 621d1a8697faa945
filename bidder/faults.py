"""What a pydantic model finds wrong, in words."""

from collections.abc import Sequence

from pydantic import ValidationError

Path = tuple[int | str, ...]
"""Keys and indices that lead from a value to a part of it."""


class WrongParts(ValueError):
    """Several parts of one value are wrong. `parts` has the path to each, and what is wrong with it."""

    def __init__(self, parts: Sequence[tuple[Path, str | ValidationError]]) -> None:
        self.parts = parts
        super().__init__("; ".join(f"{'.'.join(map(str, path))}: {_said(said)}" for path, said in parts))


def faults(error: ValidationError, whole: str) -> list[str]:
    """`path: message` for each fault; one of the thing itself goes by the name of the `whole`."""
    return [f"{'.'.join(map(str, fault['loc'])) or whole}: {fault['msg']}" for fault in error.errors()]


def _said(said: str | ValidationError) -> str:
    return said if isinstance(said, str) else "; ".join(faults(said, "value"))
