"""The style of all plots. Their SVG files follow the light or dark colour scheme of the reader."""

from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GREEN, RED, ORANGE, BLUE, GREY = "#0b6e4f", "#b23a48", "#d98e04", "#5b5f97", "#8d99ae"
TEXT, GRID, BACKGROUND = "#1f2937", "#e5e7eb", "#ffffff"
_DARK = {
    GREEN: "#3fb98c",
    RED: "#f07f8c",
    ORANGE: "#f2b544",
    BLUE: "#a5a9e6",
    TEXT: "#e6edf3",
    GRID: "#30363d",
    BACKGROUND: "#0d1117",
}
"""The colours of a dark page in place of those of a light page. Grey is readable on both."""

STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": TEXT,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "axes.edgecolor": GREY,
    "axes.labelcolor": TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "legend.frameon": False,
    "svg.hashsalt": "bidder",
    "figure.dpi": 110,
}
"""matplotlib's parameters. The same figures give the same file."""


def save(figure: "Figure", path: Path, title: str) -> None:
    """Writes a plot; the name's ending is its format, `.svg` or `.png`. `title` is stored in the file."""
    if path.suffix == ".png":
        figure.savefig(path, metadata={"Software": None, "Title": title})
        return
    svg = StringIO()
    figure.savefig(svg, format="svg", metadata={"Date": None, "Title": title})
    path.write_text(with_dark_scheme(svg.getvalue()), encoding="utf-8")


def with_dark_scheme(svg: str) -> str:
    """Returns matplotlib's SVG with a rule of CSS that has the dark colours.

    A program without CSS media queries shows the light colours. The background is part of the plot, so that a page
    whose colour scheme differs from the reader's does not hide the text.
    """
    rules = [
        f'[style*="{part}: {light}"]{{{part}:{dark}!important}}'
        for light, dark in _DARK.items()
        for part in ("fill", "stroke")
    ]
    # matplotlib writes no colour for black
    css = f"@media(prefers-color-scheme:dark){{svg{{fill:{_DARK[TEXT]}}}{''.join(rules)}}}"
    return svg.replace("</style>", f"{css}</style>", 1)
