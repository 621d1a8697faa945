from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.differences import differences

LEAVES = st.integers(0, 2) | st.lists(st.integers(0, 2), max_size=2)
DOCUMENTS = st.dictionaries(
    st.sampled_from("abc"), LEAVES | st.dictionaries(st.sampled_from("xy"), LEAVES, max_size=2), max_size=3
)


@given(DOCUMENTS, DOCUMENTS)
def test_differences_are_the_paths_of_unequal_values(before: dict[str, Any], after: dict[str, Any]) -> None:
    names = {line.split(":")[0].split(".")[0] for line in differences(before, after)}

    assert names == {name for name in {*before, *after} if before.get(name) != after.get(name)}


def test_lines_have_path_old_value_and_new_value() -> None:
    before = {"cpm_micros": 1, "creatives": [{"id": "a", "name": "x"}, {"id": "b"}], "categories": ["IAB1"]}
    after = {"cpm_micros": 2, "creatives": [{"id": "b"}, {"id": "a", "name": "y"}], "categories": ["IAB1", "IAB2"]}

    assert list(differences(before, after)) == [
        'categories: ["IAB1"] -> ["IAB1", "IAB2"]',
        "cpm_micros: 1 -> 2",
        'creatives[a].name: "x" -> "y"',
    ]
    assert list(differences({"status": "paused"}, {})) == ['status: "paused" -> nothing']
