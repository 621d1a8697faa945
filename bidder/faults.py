"""The faults that a pydantic validation found, as text."""

from collections.abc import Sequence

from pydantic import ValidationError

_OF_A_KEY = "[key]"

Path = tuple[int | str, ...]
"""The keys and indices that lead from a value to one of its parts."""


class WrongParts(ValueError):
    """Several parts of one value are invalid. `parts` holds the path and the fault of each."""

    def __init__(self, parts: Sequence[tuple[Path, str | ValidationError]]) -> None:
        self.parts = parts
        super().__init__("; ".join(f"{'.'.join(map(str, path))}: {_problem_text(problem)}" for path, problem in parts))


def faults(error: ValidationError, whole: str) -> list[str]:
    """`path: message` for each fault. A fault of the whole value has the name `whole` as its path."""
    return [f"{dotted(fault['loc']) or whole}: {in_words(fault['msg'])}" for fault in error.errors()]


def dotted(path: Sequence[int | str]) -> str:
    """A path as text, without the element that pydantic appends to the path of an invalid key."""
    return ".".join(str(step) for step in path if step != _OF_A_KEY)


def in_words(message: str) -> str:
    """A message of pydantic without its own nouns: `should be a valid number`."""
    return message.removeprefix("Value error, ").removeprefix("Input ").partition(", unable to parse")[0]


def _problem_text(problem: str | ValidationError) -> str:
    return problem if isinstance(problem, str) else "; ".join(faults(problem, "value"))
