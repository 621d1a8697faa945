"""The plot: dollars for a million requests by rate, a line for each entrance."""

from dataclasses import replace
from pathlib import Path

from bidder.cli.cost.bill import per_million
from bidder.cli.cost.compare import cost, rates
from bidder.cli.cost.prices import Prices
from bidder.cli.cost.usage import Entrance, Load
from bidder.plot_style import BLUE, GREEN, GREY, ORANGE, RED, STYLE, save

_COLOURS = dict(zip(Entrance, (RED, ORANGE, BLUE, GREY, GREEN), strict=True))


def draw(load: Load, prices: Prices, title: str, path: Path) -> None:
    """Writes the plot; the name's ending says its format, `.svg` or `.png`."""
    import matplotlib as mpl  # imported here: the import takes a second
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        axes = figure.subplots()
        for entrance in Entrance:
            loads = [replace(load, qps=qps) for qps in rates()]
            dollars = [per_million(cost(each, entrance, prices), each) for each in loads]
            axes.plot([each.qps for each in loads], dollars, color=_COLOURS[entrance], label=entrance.value)
        axes.axvline(load.qps, color=GREY, linestyle=":", linewidth=1)
        axes.set(xscale="log", yscale="log", xlabel="bid requests a second", ylabel="USD for a million bid requests")
        axes.set_title(title, fontsize=10)
        axes.legend()
        save(figure, path, title)
