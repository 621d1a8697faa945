"""The plots of a simulated campaign as SVG and PNG: spend and plan, participation, prices, overspend."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bidder.plot_style import BLUE, GREEN, GREY, ORANGE, RED, STYLE, save
from bidder.simulator.record import MinuteRecord, Tally

_COLOURS = {
    "ours": GREEN,
    "asap": RED,
    "linkedin": ORANGE,
    "pid": BLUE,
    "unshaded": RED,
    "fixed_70": ORANGE,
    "oracle": BLUE,
}
_NAMES = {
    "ours": "bidder",
    "asap": "as soon as possible",
    "linkedin": "LinkedIn throttle",
    "pid": "PID",
    "unshaded": "unshaded",
    "fixed_70": "70 % of the value",
    "oracle": "knows the market",
}
_SMOOTH = 15
"""The minutes over which rates and prices are averaged."""
_POINTS = 240
"""The most points of a line: two pixels apart."""


def plot(name: str, campaign_id: str, arms: Mapping[str, Tally], folder: Path, stem: str, scale: float) -> list[Path]:
    """Draws the run of a campaign, with all arms in each plot, into `<folder>/<stem>.svg` and `.png`.

    Returns both paths.
    """
    import matplotlib as mpl  # imported here: the import takes a second

    mpl.use("agg")
    from matplotlib import dates
    from matplotlib import pyplot as plt

    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(3, 2, figsize=(11, 9.5), sharex=True, layout="constrained")
        figure.suptitle(f"{name}: {campaign_id}", fontsize=13, fontweight="bold")
        own_minutes = arms["ours"].minutes
        plan = [minute.planned / scale / 1e6 for minute in own_minutes]
        _line(axes[0][0], [_clock(minute) for minute in own_minutes], plan, color=GREY, lw=2.5, label="plan")
        for arm, tally in reversed(list(arms.items())):  # ours above the others
            _draw(axes, arm, tally, scale)
        greatest = max((abs(d) for arm, tally in arms.items() if arm != "asap" for d in tally.differences), default=0)
        # the arm without pacing would exceed this scale
        axes[2][0].set_ylim(-110 * greatest - 0.01, 110 * greatest + 0.01)
        for axis, title, unit in zip(axes.flat, _TITLES, _UNITS, strict=True):
            axis.set_title(title, loc="left", fontsize=10, fontweight="bold")
            axis.set_ylabel(unit)
        axes[0][0].legend()
        axes[2][0].axhline(0, color=GREY, lw=0.8)
        for axis in axes[2]:
            axis.xaxis.set_major_formatter(dates.ConciseDateFormatter(axis.xaxis.get_major_locator()))
        paths = [folder / f"{stem}.svg", folder / f"{stem}.png"]
        for path in paths:
            save(figure, path, f"{name}: {campaign_id}")
        plt.close(figure)
    return paths


_TITLES = (
    "Spend against plan",
    "Participation",
    "Win rate",
    "Bid, and price paid (dotted)",
    "Off the plan",
    "Overspend",
)
_UNITS = ("USD", "share of auctions", "share of bids", "CPM, USD", "% of the budget", "% of the budget")


def _draw(axes: Any, arm: str, tally: Tally, scale: float) -> None:
    colour, label, minutes = _COLOURS[arm], _NAMES[arm], tally.minutes
    wide = 1.6 if arm == "ours" else 1.0
    at = [_clock(minute) for minute in minutes]
    _line(axes[0][0], at, [m.spent / scale / 1e6 for m in minutes], color=colour, lw=wide, label=label)
    _line(axes[0][1], at, [m.participation for m in minutes], color=colour, lw=wide)
    bids, wins = _rate(minutes, "bids"), _rate(minutes, "wins")
    win_rate = [won / bid if bid else None for won, bid in zip(wins, bids, strict=True)]
    _line(axes[1][0], at, win_rate, color=colour, lw=wide)
    for name, number, dashes in (("bid_micros", bids, "-"), ("paid_micros", wins, ":")):
        prices = [
            total / count / 1e6 if count else None for total, count in zip(_rate(minutes, name), number, strict=True)
        ]
        _line(axes[1][1], at, prices, color=colour, lw=wide, ls=dashes)
    off = [100 * difference for difference in tally.differences]
    _line(axes[2][0], at[: len(off)], off, color=colour, lw=wide)
    limit = sum(period.limit for period in tally.periods.values()) or 1.0
    over = [100 * max(0.0, minute.spent - limit) / limit for minute in minutes]
    _line(axes[2][1], at, over, color=colour, lw=wide)


def _line(axis: Any, at: Sequence[datetime], values: Sequence[float | None], **style: Any) -> None:
    """Draws a line of at most `_POINTS` points. The value farthest from 0 represents all values between two points."""
    step = -(-len(at) // _POINTS)
    chunks = [range(start, min(start + step, len(at))) for start in range(0, len(at), step)]
    points = [max(chunk, key=lambda n: -1.0 if (value := values[n]) is None else abs(value)) for chunk in chunks]
    axis.plot([at[n] for n in points], [values[n] for n in points], **style)


def _rate(minutes: Sequence[MinuteRecord], name: str) -> list[int]:
    """The growth of a sum in the `_SMOOTH` minutes before each minute."""
    sums = [getattr(minute, name) for minute in minutes]
    return [total - (sums[number - _SMOOTH] if number >= _SMOOTH else 0) for number, total in enumerate(sums)]


def _clock(minute: MinuteRecord) -> datetime:
    return datetime.fromtimestamp(minute.at, UTC)
