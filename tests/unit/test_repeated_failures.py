"""Background work that fails repeatedly logs its first failure, then some at growing intervals, and its recovery."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.aws import parameter_copy
from bidder.background_refresh import BackgroundRefreshed
from bidder.repeated_failures import LONGEST_INTERVAL, Failures, RepeatedFailures
from bidder.snapshot.keeper import Keeper
from tests.support.campaigns import NOW
from tests.support.fake_s3 import FakeS3
from tests.support.fake_ssm import FakeSSM
from tests.support.log_lines import logged_lines
from tests.unit.snapshot.test_keeper import AGES


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_failure_each_second_is_logged_at_growing_intervals_with_the_failures_since_the_last_line() -> None:
    clock = Clock()
    repeated = RepeatedFailures(clock)
    lines: list[Failures] = []
    for second in range(120):
        clock.now = second
        lines += filter(None, [repeated.failed("OSError")])

    assert [line.seconds for line in lines] == [0, 1, 3, 7, 15, 31, 61, 91]
    assert [line.unlogged for line in lines] == [1, 1, 2, 4, 8, 16, 30, 30]
    assert lines[-1].fields == {"failures": 92, "seconds": 91}
    assert repeated.succeeded() == Failures(28, 120, 119)
    assert repeated.succeeded() is None
    assert repeated.failed("OSError") == Failures(1, 1, 0)


def test_a_row_of_work_of_which_some_runs_fail_ends_after_a_calm_time() -> None:
    clock = Clock()
    repeated = RepeatedFailures(clock, calm=30)
    lines: list[Failures] = []
    for second in range(40):
        clock.now = second
        lines += filter(None, [repeated.failed("deadline"), repeated.succeeded()])
    assert [line.in_row for line in lines] == [1, 2, 4, 8, 16, 32], "a success in between ends no row"

    clock.now = 68
    assert repeated.succeeded() is None
    clock.now = 69
    assert repeated.succeeded() == Failures(8, 40, 69)


STEPS = st.lists(st.tuples(st.floats(0, 100), st.sampled_from(["OSError", "BadSnapshot", None])), max_size=60)


@given(STEPS)
def test_each_failure_is_counted_once_and_each_reason_logged_at_once(steps: list[tuple[float, str | None]]) -> None:
    clock = Clock()
    repeated = RepeatedFailures(clock)
    rows: list[list[str]] = [[]]
    counted, last_line = 0, 0.0
    for wait, reason in steps:
        clock.now += wait
        if reason is None:
            ended = repeated.succeeded()
            assert (ended.in_row if ended else 0) == len(rows[-1])
            counted += ended.unlogged if ended else 0
            rows.append([])
            continue
        is_new = reason not in rows[-1]
        rows[-1].append(reason)
        line = repeated.failed(reason)
        assert line or not is_new
        assert line or clock.now - last_line < LONGEST_INTERVAL
        if line:
            assert line.in_row == len(rows[-1])
            counted, last_line = counted + line.unlogged, clock.now
    ended = repeated.succeeded()
    assert counted + (ended.unlogged if ended else 0) == sum(map(len, rows))


def test_the_lines_of_parameters_that_cannot_be_read_count_every_failure(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bidder")
    clock, is_broken = Clock(), False

    def read(_: int | None) -> int:
        if is_broken:
            raise ConnectionError
        return 1

    renewed = BackgroundRefreshed("all", read, lambda _: 1, clock=clock, start=lambda work: work())
    renewed.value()
    is_broken = True
    for second in range(1, 41):
        clock.now = second
        renewed.value()
    is_broken = False
    clock.now = 41
    renewed.value()

    lines = logged_lines(caplog, "parameter.kept")
    assert [line["ParameterKept"] for line in lines] == [1, 1, 2, 4, 8, 16]
    [recovered] = logged_lines(caplog, "parameter.recovered")
    assert (recovered["failures"], recovered["seconds"], recovered["ParameterKept"]) == (40, 40, 8)


def test_reads_of_the_copy_of_parameters_that_fail_log_few_lines_and_the_recovery(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bidder")
    monkeypatch.setattr(parameter_copy, "_unread_copies", RepeatedFailures(iter(range(100)).__next__))
    s3, ssm = FakeS3(), FakeSSM("/bidder", {"admin-key": "k" * 16}, frozenset())

    def read() -> None:
        parameter_copy.read_parameters(lambda: s3, lambda: ssm, "bucket", "/bidder", lambda: NOW)  # type: ignore[arg-type,return-value]

    for _ in range(10):
        read()
    s3.put_object(Bucket="bucket", Key=parameter_copy.KEY, Body=parameter_copy.pack({}, "/bidder", NOW), ContentType="")
    read()

    assert [line["failures"] for line in logged_lines(caplog, "parameters.uncopied")] == [1, 2, 4, 8]
    [recovered] = logged_lines(caplog, "parameters.copy_recovered")
    assert recovered["failures"] == 10


def test_checks_of_the_snapshot_that_fail_log_few_lines_and_the_recovery(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bidder")
    failures = iter([OSError("no route"), OSError("no route"), OSError("no route"), ValueError("damaged"), None])

    def load(_: object) -> None:
        if failure := next(failures):
            raise failure

    keeper = Keeper(load, lambda: AGES, start=lambda work: work())
    for check in range(5):
        keeper.current(NOW + check * AGES.check)

    reasons = [line["reason"] for line in logged_lines(caplog, "snapshot.refused")]
    assert reasons == ["OSError: no route", "ValueError: damaged"]
    [recovered] = logged_lines(caplog, "snapshot.recovered")
    assert recovered["failures"] == 4
