"""The mutants that no test can kill, with the reason of each, in `tests/mutants/equivalent.txt`.

The key of a mutant has its own line. The first indented line below it has the changed line of code in backquotes. The
other indented lines have the reason why the mutant is equivalent. The code shows that the entry still stands for the
same mutant: an equal change above it in the function takes over its key.
"""

from pathlib import Path
from typing import NamedTuple

EQUIVALENT = Path("tests/mutants/equivalent.txt")


class Entry(NamedTuple):
    """An equivalent mutant: the line of code that it changes, without indentation, and the reason."""

    code: str
    reason: str


class WrongEntry(ValueError):
    """An entry without its code or reason, or a reason without an entry."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"{EQUIVALENT}:{line}: {problem}")


def entries(text: str) -> dict[str, Entry]:
    """The entries by the key of the mutant. Empty lines and lines that begin with `#` are skipped.

    Raises WrongEntry.
    """
    result: dict[str, Entry] = {}
    starts: dict[str, int] = {}
    key = ""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if not words or line.startswith("#"):
            continue
        if not line.startswith(" "):
            key = words
            result[key], starts[key] = Entry("", ""), number
        elif not key:
            raise WrongEntry(number, "a reason stands before any mutant")
        elif result[key].code:
            result[key] = result[key]._replace(reason=f"{result[key].reason} {words}".strip())
        elif words.startswith("`") and words.endswith("`"):
            result[key] = Entry(words[1:-1], "")
        else:
            raise WrongEntry(number, "the line of code in backquotes stands before the reason")
    for key, entry in result.items():
        if not entry.reason:
            raise WrongEntry(starts[key], "a mutant without a reason")
    return result
