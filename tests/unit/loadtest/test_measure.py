from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.bench.measure import interleaved, percentile, row

TIMES = st.lists(st.floats(0.1, 1e6), min_size=1)


@given(TIMES, st.floats(0.001, 1))
def test_a_percentile_is_the_smallest_value_that_the_share_does_not_exceed(times: list[float], share: float) -> None:
    naive = next(t for t in sorted(times) if sum(other <= t for other in times) >= ceil(share * len(times)))
    assert percentile(times, share) == naive


def test_every_call_gets_every_input_and_the_order_rotates() -> None:
    observed: list[tuple[str, bytes]] = []
    calls = {name: lambda written, name=name: observed.append((name, written)) for name in ("a", "b")}

    durations = interleaved(calls, [b"1", b"2"], rounds=2)

    assert observed == [
        (name, entry) for entry, order in zip([b"1", b"2"] * 2, ["ab", "ba"] * 2, strict=True) for name in order
    ]
    assert {name: len(times) for name, times in durations.items()} == {"a": 4, "b": 4}
    assert all(time > 0 for times in durations.values() for time in times)


def test_ratios_compare_equal_percentiles_of_one_run_with_its_baseline() -> None:
    measured = row("decision", 12, [10.0, 30.0, 100.0], "parse", [10.0, 20.0, 20.0])
    assert measured.record() == {
        "name": "decision",
        "campaigns": 12,
        "p50_us": 30.0,
        "p99_us": 100.0,
        "ratio": 1.5,
        "baseline": "parse",
        "p99_ratio": 5.0,
    }


def test_the_ratio_of_the_baseline_is_one() -> None:
    assert row("parse", None, [1.0, 3.0, 9.0], "parse", [1.0, 3.0, 9.0]).ratio == pytest.approx(1.0)
