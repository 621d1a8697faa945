"""Both representations of a set compared with Python's sets."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from bidder.snapshot import sets

sizes = st.sampled_from([1, 63, 64, 65, 300, sets.SHORT, sets.SHORT + 1, 3 * sets.SHORT])


@st.composite
def universe_and_sets(draw: st.DrawFn) -> tuple[int, list[set[int]]]:
    """A size, and sets of positions below it, sparse ones and dense ones."""
    size = draw(sizes)
    sparse = st.sets(st.integers(0, size - 1), max_size=20)
    dense = st.builds(lambda start, step: set(range(start, size, step)), st.integers(0, 9), st.integers(1, 9))
    return size, draw(st.lists(sparse | dense, min_size=2, max_size=5))


@given(universe_and_sets())
def test_both_representations_equal_pythons_sets(case: tuple[int, list[set[int]]]) -> None:
    size, python_sets = case
    item = [sets.set_of(entry, size) for entry in python_sets]
    a, b = python_sets[:2]

    assert [list(sets.members(entry)) for entry in item] == list(map(sorted, python_sets))
    assert list(map(sets.count, item)) == list(map(len, python_sets))
    assert list(map(bool, item)) == list(map(bool, python_sets))
    assert set(sets.members(item[0] & item[1])) == a & b
    assert set(sets.members(item[0] | item[1])) == a | b
    assert set(sets.members(sets.without(item[0], item[1]))) == a - b
    assert set(sets.members(sets.union(item))) == set().union(*python_sets)
    marks = memoryview(bytes(position in a for position in range(size)))
    assert set(sets.members(sets.find_unmarked(marks, size))) == set(range(size)) - a


@given(universe_and_sets())
def test_sets_of_the_current_format_and_of_format_2_are_read_back(case: tuple[int, list[set[int]]]) -> None:
    size, python_sets = case
    width = (size + 63) // 64 * 8
    for entry in python_sets:
        as_integer = sum(1 << position for position in entry).to_bytes(width, "little")
        as_list = array("H", sorted(entry)).tobytes()

        assert set(sets.members(sets.load(memoryview(sets.dump(entry)), size))) == entry
        assert set(sets.members(sets.load_old(memoryview(as_integer), size))) == entry
        if len(as_list) < width:
            assert set(sets.members(sets.load_old(memoryview(as_list), size))) == entry
