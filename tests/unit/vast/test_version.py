"""`best_version`: the VAST version for a player with these protocols."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.vast import Version, best_version, takes_inline

# AdCOM 1.0, List: Creative Subtypes - Audio/Video.
INLINE = {2: "2.0", 3: "3.0", 7: "4.0", 11: "4.1", 13: "4.2", 15: "4.3"}
WRAPPER = {5: "2.0", 6: "3.0", 8: "4.0", 12: "4.1", 14: "4.2", 16: "4.3"}


@pytest.mark.parametrize(
    ("accepted", "inline", "wrapper"),
    [
        ([], ("4.2", 13), ("4.2", 14)),
        ([1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16], ("4.2", 13), ("4.2", 14)),
        ([15, 16], ("4.3", 15), ("4.3", 16)),
        ([11, 7, 3, 12, 8, 6], ("4.1", 11), ("4.1", 12)),
        ([2, 3, 7, 5, 6, 8], ("4.0", 7), ("4.0", 8)),
        ([2, 3, 5, 6], ("3.0", 3), ("3.0", 6)),
        ([2, 5], ("2.0", 2), ("2.0", 5)),
        ([2, 3], ("3.0", 3), None),
        ([5, 6], None, ("3.0", 6)),
        ([1, 4, 9, 10, 500], None, None),
    ],
)
def test_the_newest_listed_version_is_chosen(
    accepted: list[int], inline: tuple[str, int] | None, wrapper: tuple[str, int] | None
) -> None:
    assert best_version(tuple(accepted), wrapper=False) == inline
    assert best_version(tuple(accepted), wrapper=True) == wrapper


@given(st.lists(st.integers(0, 20), min_size=1), st.booleans())
def test_the_chosen_version_is_always_listed(accepted: list[int], wrapper: bool) -> None:
    names = WRAPPER if wrapper else INLINE
    listed_versions = {names[protocol] for protocol in accepted if protocol in names}

    best = best_version(tuple(accepted), wrapper=wrapper)

    if best is None:
        assert listed_versions == set()
    else:
        version, protocol = best
        assert protocol in accepted
        assert names[protocol] == version
        assert version == ("4.2" if "4.2" in listed_versions else max(listed_versions))


def test_a_third_party_tag_with_a_version_needs_a_player_of_that_version() -> None:
    assert takes_inline([3, 6, 14], Version.VAST_3_0)
    assert takes_inline([6, 14], None)
    assert takes_inline([], Version.VAST_2_0)
    assert not takes_inline([2, 6, 14], Version.VAST_3_0)


def test_versions_are_ordered() -> None:
    versions = ["2.0", "3.0", "4.0", "4.1", "4.2", "4.3"]
    assert sorted(Version) == versions
