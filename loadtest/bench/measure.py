"""Times of several things, taken in turns, so that whatever else the machine does hits all of them alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter_ns


@dataclass(frozen=True)
class BenchRow:
    """A line of the table and of build/bench.json.

    `ratio` is p50 over p50 of the row named `baseline`, and `p99_ratio` is p99 over its p99.
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
    """What a book takes in memory once read: its file, and what was decoded of it."""
    build_s: float | None = None
    build_mb: int | None = None
    """How long compiling it took, and the most memory that it had by then."""

    def record(self) -> dict[str, object]:
        """The row as JSON has it."""
        return {name: value for name, value in asdict(self).items() if value is not None or name == "campaigns"}


def interleaved(
    calls: Mapping[str, Callable[[bytes], object]], inputs: Sequence[bytes], rounds: int
) -> dict[str, list[float]]:
    """Microseconds of each call of each input, `rounds` times over. Who goes first changes with every input."""
    names = list(calls)
    took: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for argument in inputs:
            for name in names:
                call = calls[name]
                started = perf_counter_ns()
                call(argument)
                took[name].append((perf_counter_ns() - started) / 1000)
            names.append(names.pop(0))
    return took


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values don't exceed."""
    ordered = sorted(values)
    rank = max(1, -int(-share * len(ordered) // 1))
    return ordered[rank - 1]


def row(
    name: str,
    campaigns: int | None,
    took: Sequence[float],
    baseline: str,
    base: Sequence[float],
    workload: str | None = None,
) -> BenchRow:
    """A row of what was measured; its ratios are to the baseline's own times in the same run."""
    p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
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
