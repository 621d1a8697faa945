"""The plot of a record: the time of invocations under the Lambda runtime beside a no-op function."""

from pathlib import Path
from typing import Any

from bidder.plot_style import BACKGROUND, BLUE, GREEN, GREY, STYLE, save
from loadtest.bench.headline import Invocations, invocations
from loadtest.bench.record import BenchRecord

_TITLES = {"warm": "Warm invocation, ms", "first": "First invocation of an environment, ms"}
_SIZE = (5.2, 4)
"""Inches. The file is narrow, so that a phone shows its text at a readable size."""


def title(record: BenchRecord) -> str:
    """The title that is stored in the file: its revision and its time."""
    return f"bidder's benchmarks, revision {record.revision or 'unknown'}, {record.at.isoformat()}"


def draw(record: BenchRecord, path: Path) -> None:
    """Writes the plot; the name's ending is its format, `.svg` or `.png`.

    Raises UnreadableRecord for a run without the runtime.
    """
    parts = invocations(record)
    import matplotlib as mpl  # imported here: the import takes a second
    from matplotlib.figure import Figure

    with mpl.rc_context({**STYLE, "font.size": 11}):
        figure = Figure(figsize=_SIZE, layout="constrained")
        for axis, part in zip(figure.subplots(len(parts), 1), parts, strict=True):
            _draw(axis, part)
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
        save(figure, path, title(record))


def _draw(axis: Any, part: Invocations) -> None:
    """A line from the p50 to the p99 for each function, from the top to the bottom."""
    rows = [part.noop, *part.bids]
    names = ["no-op", *(f"{row.campaigns:,} campaigns" for row in part.bids)]
    colours = [BLUE, *[GREEN] * len(part.bids)]
    for height, (row, colour) in enumerate(zip(rows, colours, strict=True)):
        p50, p99 = row.p50_us / 1000, row.p99_us / 1000
        is_labelled = height == 1
        axis.plot([p50, p99], [height, height], color=GREY, lw=2, zorder=1)
        axis.plot(p50, height, "o", ms=8, color=colour, label="p50" if is_labelled else None)
        hollow = {"mfc": BACKGROUND, "mec": colour, "mew": 2}
        axis.plot(p99, height, "o", ms=8, **hollow, label="p99" if is_labelled else None)
        if height:  # a ratio stands beside its point, away from the other point
            beside = {"textcoords": "offset points", "va": "center"}
            axis.annotate(f"{row.ratio:.1f}\N{MULTIPLICATION SIGN}", (p50, height), (-8, 0), ha="right", **beside)
            axis.annotate(f"{row.p99_ratio:.1f}\N{MULTIPLICATION SIGN}", (p99, height), (8, 0), ha="left", **beside)
    axis.set_title(_TITLES[part.kind], loc="left", fontsize=11, fontweight="bold")
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.set_xlim(0, max(row.p99_us for row in rows) / 1000 * 1.15)
    axis.grid(visible=False, axis="y")
