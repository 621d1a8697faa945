"""The mutants that no test can kill, with the reason of each, in `tests/mutants/equivalent.txt`.

The key of a mutant has its own line. The indented lines below it have the reason for which the mutant is equivalent.
"""

from pathlib import Path

EQUIVALENT = Path("tests/mutants/equivalent.txt")


class WrongEntry(ValueError):
    """An entry without a reason, or a reason without an entry."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"{EQUIVALENT}:{line}: {problem}")


def reasons(text: str) -> dict[str, str]:
    """The reason of each mutant, by key. Empty lines and lines that begin with `#` are skipped.

    Raises WrongEntry.
    """
    result: dict[str, str] = {}
    key = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            if not key:
                raise WrongEntry(number, "a reason stands before any mutant")
            result[key] = f"{result[key]} {line.strip()}".strip()
        else:
            key = line.strip()
            result[key] = ""
    for key, reason in result.items():
        if not reason:
            raise WrongEntry(text.splitlines().index(key) + 1, "a mutant without a reason")
    return result
