"""The background work of the container's process each second."""

import logging

import pytest

from bidder.repeated_failures import RepeatedFailures
from container.process import repeat_safely
from tests.support.log_lines import logged_lines


def test_work_that_fails_each_second_logs_few_errors_and_the_recovery(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bidder")
    failing = True

    def work() -> None:
        if failing:
            raise ConnectionError

    tick = repeat_safely(work, RepeatedFailures(iter(range(100)).__next__))
    for _ in range(60):
        tick()
    failing = False
    tick()
    tick()

    lines = logged_lines(caplog, "server.tick_failed")
    assert [line["seconds"] for line in lines] == [0, 1, 3, 7, 15, 31]
    assert all("ConnectionError" in line["traceback"] for line in lines)
    [recovered] = logged_lines(caplog, "server.tick_recovered")
    assert recovered["failures"] == 60
