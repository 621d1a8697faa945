"""Measures several calls in turns, so that other work on the machine affects all of them equally."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter_ns


@dataclass(frozen=True)
class BenchRow:
    """A row of the table and of build/bench.json.

    `ratio` is its p50 divided by the p50 of the row named `baseline`, and `p99_ratio` its p99 divided by that row's
    p99.
    """

    name: str
    campaigns: int | None
    p50_us: float
    p99_us: float
    ratio: float
    baseline: str
    workload: str | None = None
    p99_ratio: float | None = None
    mb: int | None = None
    """The memory of a snapshot after it was read: its file, and the decoded objects, in MB."""
    build_s: float | None = None
    build_mb: int | None = None
    """The seconds of the compilation, and the highest memory by then in MB."""

    def record(self) -> dict[str, object]:
        """The row as JSON."""
        return {name: value for name, value in asdict(self).items() if value is not None or name == "campaigns"}


def interleaved(
    calls: Mapping[str, Callable[[bytes], object]], inputs: Sequence[bytes], rounds: int
) -> dict[str, list[float]]:
    """The microseconds of each call for each input, `rounds` times. The order of calls changes with every input."""
    names = list(calls)
    durations: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for argument in inputs:
            for name in names:
                call = calls[name]
                started_at = perf_counter_ns()
                call(argument)
                durations[name].append((perf_counter_ns() - started_at) / 1000)
            names.append(names.pop(0))
    return durations


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is at least as large as this share of the values."""
    ordered = sorted(values)
    rank = max(1, -int(-share * len(ordered) // 1))
    return ordered[rank - 1]


def row(
    name: str,
    campaigns: int | None,
    durations: Sequence[float],
    baseline: str,
    base: Sequence[float],
    workload: str | None = None,
) -> BenchRow:
    """A row of the measured times. Its ratios are relative to the baseline's times in the same run."""
    p50, p99 = percentile(durations, 0.5), percentile(durations, 0.99)
    return BenchRow(
        name=name,
        campaigns=campaigns,
        p50_us=round(p50, 1),
        p99_us=round(p99, 1),
        ratio=1.0 if name == baseline else round(p50 / percentile(base, 0.5), 2),
        baseline=baseline,
        workload=workload,
        p99_ratio=None if name == baseline else round(p99 / percentile(base, 0.99), 2),
    )
