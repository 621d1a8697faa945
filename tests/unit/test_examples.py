"""Property tests set their number of examples by `examples`, so that `make test-fast` can reduce all numbers."""

from pathlib import Path

TESTS = Path(__file__).parents[1]
PROFILES = {"conftest.py", "support/examples.py", "unit/test_examples.py"}


def test_no_test_has_a_fixed_number_of_examples() -> None:
    assert [
        name
        for path in sorted(TESTS.rglob("*.py"))
        if "max_examples" in path.read_text() and (name := str(path.relative_to(TESTS))) not in PROFILES
    ] == []
