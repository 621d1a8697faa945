"""The results of mutants on disk, so that an interrupted run can continue."""

import json
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from tools.mutate.mutations import Mutant

KILLED, SURVIVED, UNTESTED, EQUIVALENT = "killed", "survived", "untested", "equivalent"


class Results:
    """The outcomes by mutant. They are valid while the mutant's file has the same text.

    Surviving mutants are tried again.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._killed: set[tuple[str, str]] = set()
        for line in file.read_text().splitlines() if file.exists() else ():
            entry = json.loads(line)
            if entry["outcome"] == KILLED:
                self._killed.add((entry["mutant"], entry["source"]))

    def is_killed(self, mutant: Mutant) -> bool:
        """Whether an earlier run killed the mutant of the same file."""
        return (mutant.key, _digest(mutant)) in self._killed

    def add(self, mutant: Mutant, outcome: str) -> None:
        """Appends an outcome."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a") as lines:
            lines.write(json.dumps({"mutant": mutant.key, "source": _digest(mutant), "outcome": outcome}) + "\n")


def _digest(mutant: Mutant) -> str:
    return sha256(Path(mutant.path).read_bytes()).hexdigest()[:16]


def room(path: str) -> str:
    """The room of a file, such as `auction`; for a file outside of rooms its name, such as `money`."""
    parts = Path(path).with_suffix("").parts
    return parts[1] if len(parts) > 1 else parts[0]


def table(outcomes: dict[Mutant, str], all_mutants: Iterable[Mutant]) -> str:
    """A line for each room: the number of mutants, of tried mutants, and of each outcome."""
    there_are = Counter(room(mutant.path) for mutant in all_mutants)
    lines = [f"{'room':<12}{'mutants':>9}{'tried_count':>7}{'equivalent':>12}{'killed':>8}{'survived':>10}{'share':>9}"]
    for name, total in sorted(there_are.items()):
        counts = Counter(outcome for mutant, outcome in outcomes.items() if room(mutant.path) == name)
        tried_count = counts.total()
        judged = tried_count - counts[EQUIVALENT]
        share = f"{counts[KILLED] / judged:.1%}" if judged else "-"
        survived = counts[SURVIVED] + counts[UNTESTED]
        lines.append(
            f"{name:<12}{total:>9}{tried_count:>7}{counts[EQUIVALENT]:>12}{counts[KILLED]:>8}{survived:>10}{share:>9}"
        )
    return "\n".join(lines)
