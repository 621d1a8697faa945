"""The tests that run each line of the product, measured once by coverage's contexts."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from coverage import CoverageData

from tools.mutate import fresh_caches
from tools.mutate.mutations import Mutant

TESTS = ("tests/unit", "tests/golden")
RECORD = Path("build/mutate/coverage")
SAME_FILE, SAME_ROOM, GOLDEN, ELSEWHERE = range(4)


def measure(workers: str) -> None:
    """Runs all unit and golden tests with the examples of a trial, and records the tests that run each line.

    The caches of functions are empty before each test. Raises CalledProcessError if a test fails.
    """
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    options = ["-q", "-n", workers, "--hypothesis-profile=mutants", "--cov", "--cov-context=test", "--cov-report="]
    options += ["--cov-fail-under=0", "-p", fresh_caches.__name__]
    environment = {**os.environ, "COVERAGE_FILE": str(RECORD.absolute())}
    subprocess.run([sys.executable, "-m", "pytest", *options, *TESTS], check=True, env=environment)


class CoveringTests:
    """Reads the record: tests by line, those of the mutant's own room first."""

    def __init__(self, record: Path = RECORD) -> None:
        self._data = CoverageData(str(record))
        self._data.read()
        self._by_line = cache(self._data.contexts_by_lineno)
        self._made_at = record.stat().st_mtime
        self._measured = {context.partition("::")[0] for context in self._data.measured_contexts()}

    def of(self, mutant: Mutant, maximum: int) -> list[str]:
        """The node ids of at most `most` tests that run the lines of a mutant.

        If the lines are run when the module is imported, or are newer than the record: of the test files near it that
        import it, then of the tests that run the lines which depend on them, then of those of the whole file. A file
        that is only run when it is imported has the tests of all test files that import it.
        """
        by_line = self._by_line(str(Path(mutant.path).absolute()))
        first, last = mutant.lines
        tests = _tests(by_line, range(first, last + 1))
        names = nearest_first(tests, mutant.path)
        if not tests:
            tests = _tests(by_line, dependent_lines(Path(mutant.path).read_text(), first))
            others = _tests(by_line, by_line) - tests
            names = [*nearest_first(tests, mutant.path), *nearest_first(others, mutant.path)]
            files = importing(mutant.path)
            names = [*(file for file in files if nearness(file, mutant.path) <= SAME_ROOM), *names] if names else files
        return [*self._unmeasured(mutant.path), *names][:maximum]

    def _unmeasured(self, path: str) -> list[str]:
        """The test files of the room that are newer than the record. All of their tests count for the mutant."""
        room, stem = Path(path).parent.name, Path(path).stem
        folder = Path("tests/unit") if room == "bidder" else Path("tests/unit") / room
        pattern = f"test_{stem}*.py" if room == "bidder" else "test_*.py"
        files = sorted(folder.glob(pattern))
        return [str(file) for file in files if str(file) not in self._measured or file.stat().st_mtime > self._made_at]


def importing(path: str) -> list[str]:
    """The files of unit tests that import a file of the product, in their order."""
    module = ".".join(Path(path).with_suffix("").parts)
    imports = re.compile(rf"^(from|import) {re.escape(module)}\b", re.MULTILINE)
    return [str(file) for file in sorted(Path("tests/unit").rglob("test_*.py")) if imports.search(file.read_text())]


def _tests(by_line: Mapping[int, Iterable[str]], lines: Iterable[int]) -> set[str]:
    """The node ids of the tests that run any of these lines."""
    contexts = {context for line in lines for context in by_line.get(line, ())}
    return {context.partition("|")[0] for context in contexts if context}


def dependent_lines(source: str, line: int) -> set[int]:
    """The lines of the function whose head has this line; else those that read a name which its statement assigns."""
    tree = ast.parse(source)
    around = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and _lines_of(node).count(line)]
    innermost = min(around, key=lambda node: len(_lines_of(node)), default=tree)
    if isinstance(innermost, ast.FunctionDef | ast.AsyncFunctionDef):
        return set(_lines_of(innermost))
    names = {node.id for node in ast.walk(innermost) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return {
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names)
        or (isinstance(node, ast.Attribute) and node.attr in names)
    }


def _lines_of(statement: ast.stmt) -> range:
    return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def nearest_first(names: Iterable[str], path: str) -> list[str]:
    """The tests that are about the file, then those of its room, the golden ones and the others. Within each they are
    mixed, so that a bound leaves out no file of tests whole."""
    return sorted(names, key=lambda name: (nearness(name, path), sha256(name.encode()).hexdigest()))


def nearness(name: str, path: str) -> int:
    """The distance of a test, or of a file of tests, from a file of the product: at most `SAME_ROOM` in its room.

    The tests of a file outside of rooms, such as `bidder/money.py`, are in no folder of `tests/unit` either.
    """
    room, stem, file = Path(path).parent.name, Path(path).stem, name.partition("::")[0]
    if Path(file).stem.startswith(f"test_{stem}"):
        return SAME_FILE
    if Path(file).parent.name == "unit" if room == "bidder" else f"/{room}/" in file:
        return SAME_ROOM
    return GOLDEN if "/golden/" in file else ELSEWHERE
