"""Mutants: small changes of a file with stable names, tested with the tests that run their lines."""

import ast
import sys
import types
from functools import cache, partial
from pathlib import Path
from unittest.mock import patch

import pytest

from tools.mutate.__main__ import Unjudged, is_killed
from tools.mutate.covering_tests import RECORD, CoveringTests, dependent_lines, importing, measure, nearest_first
from tools.mutate.equivalent import EQUIVALENT, Entry, WrongEntry, entries
from tools.mutate.fresh_caches import empty_caches
from tools.mutate.mutations import Mutant, apply_mutation, mutants
from tools.mutate.results import KILLED, SURVIVED, Results, room, table
from tools.mutate.trial import QUICK, THOROUGH

SOURCE = '''
"""A module."""
from __future__ import annotations

LIMIT: int = 3

def taken(values: list[int] | None, *, most: int = 5) -> list[int]:
    """The first values."""
    if values is None:
        msg = "no values"
        raise ValueError("none", msg)
    for value in values:
        if not value:
            break
    print(f"{most} values", sep="-")
    return sorted(values, reverse=True)[1:most] if values else values[: LIMIT * 2]
'''


def changes() -> dict[str, str]:
    return {mutant.key.partition(": ")[2]: mutant.function for mutant in mutants("bidder/a.py", SOURCE)}


@pytest.mark.parametrize(
    "change",
    [
        "3 -> 4",
        "5 -> 6",
        "values is None -> values is not None",
        "raise ValueError('none', msg) -> pass",
        "not value -> value",
        "break -> continue",
        "print(f'{most} values', sep='-') -> pass",
        "print(f'{most} values', sep='-') -> print(f'{most} values')",
        "sorted(values, reverse=True) -> sorted(values)",
        "True -> False",
        "[1:most] -> [:most]",
        "[1:most] -> [1:]",
        "[:LIMIT * 2] -> [:]",
        "LIMIT * 2 -> LIMIT // 2",
        "if values -> if not values",
    ],
)
def test_a_file_has_the_expected_mutant(change: str) -> None:
    assert change in changes()


def test_messages_and_types_have_no_mutants() -> None:
    assert not [
        change
        for change in changes()
        if any(word in change for word in ("A module", "no values", "'none' ->", "list[int]"))
    ]


def test_arguments_that_only_affect_time_have_no_mutants() -> None:
    source = "config = ConfigDict(defer_build=True, strict=True)\n"

    assert [mutant.key.partition(": ")[2] for mutant in mutants("bidder/a.py", source)] == [
        "ConfigDict(defer_build=True, strict=True) -> ConfigDict(defer_build=True)",
        "True -> False",
    ]


def test_each_mutant_differs_from_the_file_and_from_the_others() -> None:
    texts = [ast.unparse(apply_mutation(SOURCE, mutant.number)) for mutant in mutants("bidder/a.py", SOURCE)]

    assert len({ast.unparse(ast.parse(SOURCE)), *texts}) == len(texts) + 1
    for text in texts:
        compile(text, "a.py", "exec")


def test_equal_changes_of_a_function_are_numbered_and_lines_above_change_no_key() -> None:
    source = "def f(a):\n    return (a < 1, a < 1)\n"
    keys = [mutant.key for mutant in mutants("bidder/a.py", source)]

    assert "bidder/a.py f: a < 1 -> a <= 1" in keys
    assert "bidder/a.py f: a < 1 -> a <= 1 #2" in keys
    assert keys == [mutant.key for mutant in mutants("bidder/a.py", f"\n# a comment\n{source}")]


def test_tests_of_the_file_precede_those_of_its_room_and_others() -> None:
    names = [
        "tests/unit/endpoints/test_bid.py::a",
        "tests/golden/test_auctions.py::a",
        "tests/unit/auction/test_rules.py::a",
        "tests/unit/auction/test_price.py::a",
    ]

    assert nearest_first(names, "bidder/auction/price.py") == names[::-1]
    outside = ["tests/golden/test_auctions.py::a", "tests/unit/test_currency.py::a", "tests/unit/test_money.py::a"]
    assert nearest_first(outside, "bidder/money.py") == outside[::-1]


@pytest.mark.parametrize(
    ("text", "dependents"),
    [
        ("LIMIT: int = 3", ["    return sorted(values, reverse=True)[1:most] if values else values[: LIMIT * 2]"]),
        ("def taken(", SOURCE.splitlines()[6:]),
        ("LEAST = 2", ["    LESS = LEAST - 1", "        return Bounds.LEAST"]),
    ],
)
def test_dependent_lines_of_a_constant_read_it_and_those_of_a_default_are_its_function(
    text: str, dependents: list[str]
) -> None:
    source = f"""{SOURCE}

class Bounds:
    LEAST = 2
    LESS = LEAST - 1

    def least(self) -> int:
        return Bounds.LEAST
"""
    lines = source.splitlines()
    [line] = [number for number, content in enumerate(lines, 1) if text in content]

    assert [lines[number - 1] for number in sorted(dependent_lines(source, line))] == dependents


def test_a_file_without_functions_has_the_test_files_that_import_it() -> None:
    files = importing("bidder/delivery/obstacles.py")

    assert "tests/unit/delivery/test_health.py" in files
    assert "tests/unit/delivery/test_curve.py" not in files


def test_an_equivalent_mutant_has_its_line_of_code_and_a_reason() -> None:
    assert entries("# why\nbidder/a.py f: 1 -> 2\n    `a = 1`\n    nobody\n    sees it\n\n") == {
        "bidder/a.py f: 1 -> 2": Entry("a = 1", "nobody sees it")
    }
    for text, line in (
        ("    a reason\n", 1),
        ("bidder/a.py f: 1 -> 2\n    why\n", 2),
        ("bidder/a.py f: 1 -> 2\n    `a = 1`\nbidder/a.py f: 1 -> 3\n    `a = 1`\n    why\n", 1),
    ):
        with pytest.raises(WrongEntry, match=f"{EQUIVALENT}:{line}: "):
            entries(text)


def test_each_equivalent_mutant_changes_the_line_of_code_of_its_entry() -> None:
    """An equal change above it in the function takes over the key of a mutant."""
    listed_entries = entries(EQUIVALENT.read_text())
    code = {
        mutant.key: Path(path).read_text().splitlines()[mutant.lines[0] - 1].strip()
        for path in {key.partition(" ")[0] for key in listed_entries}
        for mutant in mutants(path, Path(path).read_text())
    }

    assert {key: entry.code for key, entry in listed_entries.items()} == {key: code.get(key) for key in listed_entries}


@pytest.mark.parametrize(
    ("code", "quick", "thorough"),
    [(0, False, False), (1, True, True), (2, True, True), (4, True, True), (-9, True, False)],
)
def test_a_trial_kills_its_mutant_by_a_failed_test_or_import_or_by_its_time(
    code: int, quick: bool, thorough: bool
) -> None:
    [mutant, *_] = mutants("bidder/a.py", SOURCE)

    assert is_killed(mutant, code, QUICK) == quick
    assert is_killed(mutant, code, THOROUGH) == thorough
    for unknown in (3, 5, 70):
        with pytest.raises(Unjudged, match=f"pytest ended with {unknown}"):
            is_killed(mutant, unknown, QUICK)


def test_a_killed_mutant_is_not_tried_again_until_its_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.py").write_text("a = 1 < 2\n")
    first, second, *_ = mutants("a.py", "a = 1 < 2\n")
    Results(Path("results")).add(first, KILLED)
    Results(Path("results")).add(second, SURVIVED)

    results = Results(Path("results"))
    assert (results.is_killed(first), results.is_killed(second)) == (True, False)
    Path("a.py").write_text("a = 1 < 3\n")
    assert not Results(Path("results")).is_killed(first)


def test_the_table_has_counts_by_room() -> None:
    assert [room(path) for path in ("bidder/money.py", "bidder/auction/price.py")] == ["money", "auction"]
    all_mutants = mutants("bidder/money.py", "a = 1 < 2\n")
    outcomes: dict[Mutant, str] = dict(zip(all_mutants, (KILLED, SURVIVED, KILLED), strict=True))

    assert table(outcomes, all_mutants).splitlines()[1].split() == ["money", "3", "3", "0", "2", "1", "66.7%"]


PRODUCT = """from functools import cache

LIMIT = 3

@cache
def limited(text):
    return text[:LIMIT]
"""
PRODUCT_TESTS = """from bidder.texts import LIMIT, limited

def test_first():
    assert limited("abcd") == "abc"

def test_again():
    assert limited("abcd") == "abc"

def test_limit():
    assert LIMIT == 3
"""


@pytest.mark.slow
def test_all_tests_of_a_cached_function_are_recorded_and_those_that_import_a_constant_are_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.chdir(tmp_path)
    files = {
        "bidder/__init__.py": "",
        "bidder/texts.py": PRODUCT,
        "tests/unit/test_texts.py": PRODUCT_TESTS,
        "tests/golden/test_nothing.py": "",
        "conftest.py": "import hypothesis\nhypothesis.settings.register_profile('mutants')\n",
        "pyproject.toml": '[tool.coverage.run]\nsource = ["bidder"]\n',
    }
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)

    measure("0")

    covering, file = CoveringTests(RECORD), "tests/unit/test_texts.py"
    tests = {mutant.before: covering.of(mutant, 9) for mutant in mutants("bidder/texts.py", PRODUCT)}
    assert sorted(tests["[:LIMIT]"]) == [f"{file}::test_again", f"{file}::test_first"]
    assert (tests["3"][0], sorted(tests["3"][1:])) == (file, [f"{file}::test_again", f"{file}::test_first"])


def test_the_caches_of_another_package_are_kept() -> None:
    own_module, other = types.ModuleType("ours.a"), types.ModuleType("other.a")
    calls: list[str] = []
    for module in (own_module, other):
        vars(module)["cached"] = cache(partial(calls.append, module.__name__))
    with patch.dict(sys.modules, {"ours.a": own_module, "other.a": other}):
        for _ in range(2):
            empty_caches("ours")
            own_module.cached()
            other.cached()

    assert calls == ["ours.a", "other.a", "ours.a"]
