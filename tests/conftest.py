"""Configures the whole suite: Hypothesis profiles, coverage, and the list of tests that did not run."""

from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from coverage import Coverage
from hypothesis import HealthCheck, Phase, settings

# A busy machine must not fail a test that does not depend on time, so examples have no deadline and no check of speed.
settings.register_profile("bidder", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fast", settings.get_profile("bidder"), max_examples=5)
# `make mutate` needs only the outcome of a test, so failing examples are neither shrunk nor stored.
_whether = settings(settings.get_profile("bidder"), phases=(Phase.explicit, Phase.generate), database=None)
settings.register_profile("mutants", _whether, max_examples=20)
settings.register_profile("survivors", _whether)
settings.load_profile("bidder")

COVERING = {"unit", "golden"}
"""The folders whose tests count for the coverage of bidder/."""


def counts_for_coverage(item: pytest.Item) -> bool:
    """Whether a test counts for the coverage of bidder/: a unit or golden test with fixed inputs.

    Random inputs would make the figure differ from run to run, and measuring them would double the time of their tests.
    Where the lines are recorded by test (`--cov-context`), as for `make mutate`, tests with random inputs count, too.
    """
    folder = item.path.relative_to(Path(__file__).parent).parts[0]
    has_fixed_inputs = item.get_closest_marker("hypothesis") is None
    return folder in COVERING and (has_fixed_inputs or item.config.getoption("cov_context", None) is not None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Stops measuring coverage during tests that do not count for it, so that a run of all tests has the same gate."""
    coverage = None if counts_for_coverage(item) else Coverage.current()
    if coverage is None:
        return (yield)
    coverage.stop()
    try:
        return (yield)
    finally:
        coverage.start()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Ends the report with the number of skipped tests by reason."""
    skipped = Counter(str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in skipped.most_common():
        tests = "1 test" if count == 1 else f"{count} tests"
        terminalreporter.write_line(f"NOT RUN: {tests}: {reason.removeprefix('Skipped: ')}", yellow=True)
