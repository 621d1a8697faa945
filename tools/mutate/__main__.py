"""Tries mutants of rooms of the product, and prints the mutants that no test kills.

Ends with status 1 if less than 95 % of the tried mutants that are not equivalent were killed.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from tools.mutate import covering_tests, equivalent, trial
from tools.mutate.covering_tests import CoveringTests
from tools.mutate.mutations import Mutant, apply_mutation, mutants
from tools.mutate.results import EQUIVALENT, KILLED, SURVIVED, UNTESTED, Results, room, table

ROOMS = ("bidder/money.py", "bidder/auction", "bidder/delivery", "bidder/events", "bidder/privacy")
REQUIRED = 0.95
MAX_TESTS = 250
"""The most tests for a mutant, the nearest first: a fault that only a distant test detects should get a nearer test."""
CPU_SECONDS = 60
"""The time limit of a mutant's tests, besides twice the seconds that they take without a fault."""
PASSED = 0
FAILED = frozenset({1, 2, 4})
"""The exit codes of pytest after a failed test, and where a test file (2) or a `conftest.py` (4) can't be imported."""


class Unjudged(RuntimeError):
    """The tests of a mutant could not be run. The message says why."""


def main() -> int:
    arguments = _arguments()
    all_mutants = [
        mutant for path in _files(arguments.only or ROOMS) for mutant in mutants(path, Path(path).read_text())
    ]
    matching = [mutant for mutant in all_mutants if arguments.match in mutant.key]
    sample = _sample(matching, arguments.sample, arguments.seed)
    if arguments.list:
        print("\n".join(f"{mutant.path}:{mutant.lines[0]}: {mutant.key}" for mutant in sample))
        return 0
    if arguments.measure or not covering_tests.RECORD.exists():
        covering_tests.measure(str(arguments.workers))
    equivalents = equivalent.entries(equivalent.EQUIVALENT.read_text())
    results = Results(covering_tests.RECORD.with_name("results.jsonl"))
    outcomes = {mutant: EQUIVALENT for mutant in sample if mutant.key in equivalents}
    outcomes |= {mutant: KILLED for mutant in sample if mutant not in outcomes and results.is_killed(mutant)}
    rest = [mutant for mutant in sample if mutant not in outcomes]
    with tempfile.TemporaryDirectory() as storage:
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = storage
        for mutant, outcome in _outcomes(rest, arguments.workers):
            outcomes[mutant] = outcome
            results.add(mutant, outcome)
            if outcome != KILLED:
                print(f"{outcome}: {mutant.path}:{mutant.lines[0]}: {mutant.key}", flush=True)
    print(table(outcomes, all_mutants))
    judged = [outcome for outcome in outcomes.values() if outcome != EQUIVALENT]
    return 0 if judged.count(KILLED) >= REQUIRED * len(judged) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument("--only", nargs="*", help="files or folders, instead of " + ", ".join(ROOMS))
    parser.add_argument("--sample", type=int, default=0, help="the number of mutants of each room, instead of all")
    parser.add_argument("--match", default="", help="only mutants with this text in their name")
    parser.add_argument("--seed", default="0", help="of the sample")
    parser.add_argument("--workers", type=int, default=1, help="trials at a time")
    parser.add_argument("--measure", action="store_true", help="measure again which tests run which lines")
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    return parser.parse_args()


def _files(paths: Iterable[str]) -> list[str]:
    return sorted(
        {str(file) for path in map(Path, paths) for file in ([path] if path.is_file() else path.rglob("*.py"))}
    )


def _sample(all_mutants: Sequence[Mutant], size: int, seed: str) -> list[Mutant]:
    """`size` random mutants of each room. A hash of the seed and the mutant's name chooses them, so other mutants do
    not change the choice.
    """
    by_room: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in sorted(all_mutants, key=lambda mutant: sha256(f"{seed} {mutant.key}".encode()).digest()):
        by_room[room(mutant.path)].append(mutant)
    sample = [mutant for of_room in by_room.values() for mutant in (of_room[:size] if size else of_room)]
    return sorted(sample, key=lambda mutant: (mutant.path, mutant.number))


def _outcomes(mutants: Sequence[Mutant], workers: int) -> Iterator[tuple[Mutant, str]]:
    """Tries `workers` mutants in parallel.

    The tests of a file first run without a fault, and failing tests are left out.
    """
    trial.load_libraries()
    covering = CoveringTests()
    tests = {mutant: covering.of(mutant, MAX_TESTS) for mutant in mutants}
    sound: dict[str, dict[str, float]] = {}
    running: list[tuple[Mutant, str, trial.Trial]] = []
    waiting_items = [(mutant, trial.QUICK) for mutant in reversed(mutants)]
    while waiting_items or running:
        if waiting_items and len(running) < workers:
            mutant, profile = waiting_items.pop()
            if mutant.path not in sound:
                of_file = [name for other in mutants if other.path == mutant.path for name in tests[other]]
                sound[mutant.path] = _passing(list(dict.fromkeys(of_file)))
            names = [name for name in tests[mutant] if name in sound[mutant.path]]
            files = tuple(f"{name}::" for name in tests[mutant] if "::" not in name)
            names = [*sorted(name for name in sound[mutant.path] if files and name.startswith(files)), *names]
            if names:
                seconds = CPU_SECONDS + 2 * sum(sound[mutant.path][name] for name in names)
                running.append((mutant, profile, _start(mutant, names, profile, seconds)))
            else:
                yield mutant, UNTESTED
            continue
        time.sleep(0.02)
        for entry in list(running):
            mutant, profile, started = entry
            code = started.poll()
            if code is None:
                continue
            running.remove(entry)
            if is_killed(mutant, code, profile):
                yield mutant, KILLED
            elif profile == trial.QUICK:
                waiting_items.append((mutant, trial.THOROUGH))
            else:
                yield mutant, SURVIVED


def is_killed(mutant: Mutant, code: int, profile: str) -> bool:
    """Whether the tests of a trial with this exit code detect the mutant.

    A trial past its time limit (a negative code) detects it, unless its tests have ended with few examples before.
    Raises Unjudged for an exit code of pytest that judges no mutant.
    """
    if code < 0:
        return profile == trial.QUICK
    if code not in {PASSED, *FAILED}:
        msg = f"{mutant.key}: pytest ended with {code}"
        raise Unjudged(msg)
    return code in FAILED


def _start(mutant: Mutant, names: Sequence[str], profile: str, cpu_seconds: float) -> trial.Trial:
    def work() -> int:
        trial.mutate_import(Path(mutant.path), apply_mutation(Path(mutant.path).read_text(), mutant.number))
        return trial.run_tests(names, profile, stop=True)[0]

    return trial.Trial(work, cpu_seconds)


def _passing(names: Sequence[str]) -> dict[str, float]:
    """The tests that pass in a trial without a fault, with their seconds."""
    with tempfile.NamedTemporaryFile("w+") as file:

        def work() -> int:
            _, selected = trial.run_tests(names, trial.QUICK, stop=False)
            seconds = {name: spent for name, spent in selected.seconds.items() if name not in selected.failed}
            Path(file.name).write_text(json.dumps(seconds))
            return 0

        started = trial.Trial(work, 10 * CPU_SECONDS)
        while started.poll() is None:
            time.sleep(0.02)
        passing: dict[str, float] = json.loads(file.read() or "{}")
    if names and not passing:
        msg = f"without a mutation, all of {len(names)} tests fail, {names[0]} among them"
        raise Unjudged(msg)
    return passing


if __name__ == "__main__":
    sys.exit(main())
