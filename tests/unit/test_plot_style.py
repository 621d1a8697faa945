"""The colours of plots on light and dark pages."""

import re
from pathlib import Path

import pytest

from bidder.plot_style import BACKGROUND, GREY, TEXT, save, with_dark_scheme
from loadtest.bench.plot import draw
from loadtest.bench.record import read_record
from tools import ROOT

_HEX = re.compile(r"(?:fill|stroke): (#[0-9a-f]{6})")
_RULE = re.compile(r'\[style\*="(fill|stroke): (#[0-9a-f]{6})"\]\{\1:(#[0-9a-f]{6})!important\}')
_BLACK = "#000000"
"""matplotlib's stroke of a tick's shape, which its uses replace."""


def _luminance(colour: str) -> float:
    """The relative luminance of WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(first: str, second: str) -> float:
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _dark(svg: str) -> dict[str, str]:
    return {light: dark for _, light, dark in _RULE.findall(svg)}


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/**/*.svg")), ids=lambda path: path.name)
def test_each_colour_of_a_published_plot_has_its_dark_colour(path: Path) -> None:
    svg = path.read_text()
    body = svg.partition("</style>")[2]
    assert set(_HEX.findall(body)) - {GREY, _BLACK} <= set(_dark(svg)), "draw the plot again with bidder.plot_style"


def test_text_has_contrast_on_both_pages() -> None:
    dark = _dark(with_dark_scheme("<style></style>"))
    assert _contrast(TEXT, BACKGROUND) > 7
    assert _contrast(dark[TEXT], dark[BACKGROUND]) > 7
    for light, colour in dark.items():
        if _contrast(light, BACKGROUND) > 2.5:  # the lines; the grid is fainter
            assert _contrast(colour, dark[BACKGROUND]) > 4.5, light


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["svg", "png"])
def test_the_same_figures_give_the_same_file(ending: str, tmp_path: Path) -> None:
    record = read_record(ROOT / "docs" / "bench.json")
    paths = [tmp_path / f"{number}.{ending}" for number in range(2)]
    for path in paths:
        draw(record, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert b"bidder's benchmarks" in paths[0].read_bytes()


@pytest.mark.slow
def test_a_plot_is_saved_in_the_format_of_its_name(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    save(Figure(), tmp_path / "a.png", "a")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
