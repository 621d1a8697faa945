"""The log lines of exceptions."""

from collections.abc import Callable

import pytest

from bidder import log
from tests.support.log_lines import logged_lines


def fail_below(calls: int) -> None:
    if calls:
        fail_below(calls - 1)
    else:
        int("no number")


@pytest.mark.parametrize("write", [log.error, log.fault])
@pytest.mark.parametrize("calls", [0, 20])
def test_a_traceback_shows_the_line_that_failed(
    caplog: pytest.LogCaptureFixture, write: Callable[[str], None], calls: int
) -> None:
    try:
        fail_below(calls)
    except ValueError as error:
        error.__context__ = None  # an exception of a test before, which some extension modules leave as handled
        write("work.failed")

    [line] = logged_lines(caplog, "work.failed")
    assert 'int("no number")' in line["traceback"]
    assert line["traceback"].count("File ") <= 8
