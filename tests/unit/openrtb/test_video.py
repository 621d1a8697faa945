from hypothesis import given
from hypothesis import strategies as st

from bidder.openrtb.video import Video
from tests.support.strategies import seconds


def video(**fields: object) -> Video:
    return Video.model_validate({"mimes": ["video/mp4"], **fields})


@given(
    st.none() | seconds,
    st.none() | seconds,
    st.none() | st.integers(-1, 60),
    st.lists(seconds, max_size=3),
    st.integers(1, 200) | st.floats(1, 200),
)
def test_accepted_durations_follow_the_definition_of_the_standard(
    low: int | None, high: int | None, extended: int | None, exact: list[int], length: float
) -> None:
    slot = video(minduration=low, maxduration=high, maxextended=extended, rqddurs=exact)
    if exact:
        expected = any(length == duration for duration in exact)
    else:
        longest = {None: high, 0: high, -1: None}.get(extended, high and high + (extended or 0))
        expected = (low is None or length >= low) and (not high or longest is None or length <= longest)
    assert slot.accepts_duration(length) == expected


def test_a_slot_without_limits_accepts_any_length() -> None:
    assert video().accepts_duration(3600)
    assert video(maxduration=0).accepts_duration(30)
    assert video(maxduration=15, maxextended=-1).accepts_duration(3600)


def test_the_duration_limits_are_inclusive() -> None:
    slot = video(minduration=5, maxduration=30)
    assert [slot.accepts_duration(s) for s in (4.9, 5, 30, 30.1)] == [False, True, True, False]


def test_protocols_precedes_the_deprecated_protocol() -> None:
    assert video(protocols=[7], protocol=[2]).accepted_protocols() == (7,)
    assert video(protocol=[2]).accepted_protocols() == (2,)
    assert video().accepted_protocols() == ()
