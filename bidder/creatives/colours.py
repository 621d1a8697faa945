"""The colours of a video (ITU-T H.273), and the filters of ffmpeg that convert them to BT.709 in limited range.

Players show ads as BT.709, and many ignore other colours of an ad.
"""

import re
from dataclasses import dataclass

_HDR_TRANSFERS = {"smpte2084", "arib-std-b67"}
_TRIPLE = re.compile(r"\(([^()]*, )?([\w-]+)/([\w-]+)/([\w-]+)[,)]")
_SINGLE = re.compile(r"\((?:(?:tv|pc), )?(bt709|smpte170m|bt470bg|smpte240m)[,)]")
_WIDE = "bt2020"
_UNKNOWN = "unknown"
_MATRICES = {"bt709", "bt2020nc", "gbr", "smpte170m", "bt470bg", "smpte240m"}
_PRIMARIES = {"bt709", "bt2020", "smpte170m", "bt470bg", "smpte431", "smpte432"}
"""What the filter `zscale` converts. Other values of an HDR video are unspecified or wrong, so BT.2020 is assumed."""
_HD_LINES = 720
"""A video without a matrix has BT.709 from this number of lines on, and BT.601 below, as players assume."""


@dataclass(frozen=True, slots=True)
class Colours:
    """Matrix coefficients, colour primaries and transfer characteristics, in ffmpeg's names."""

    matrix: str = _UNKNOWN
    primaries: str = _UNKNOWN
    transfer: str = _UNKNOWN

    @property
    def is_hdr(self) -> bool:
        """Whether the video has a high dynamic range: PQ or HLG."""
        return self.transfer in _HDR_TRANSFERS


def parse_colours(described: str) -> Colours:
    """The colours in ffmpeg's description of a video track."""
    triple = _TRIPLE.search(described)
    if triple:
        return Colours(*triple.groups()[1:])
    single = _SINGLE.search(described)
    return Colours(*(single[1],) * 3) if single else Colours()


def standard_range(colours: Colours) -> list[str]:
    """The filters that convert HDR or the wide gamut of BT.2020 to BT.709; empty for other videos."""
    if not colours.is_hdr and colours.primaries != _WIDE:
        return []
    matrix = colours.matrix if colours.matrix in _MATRICES else "bt2020nc"
    primaries = colours.primaries if colours.primaries in _PRIMARIES else _WIDE
    transfer = colours.transfer if colours.is_hdr else "bt709"
    return [
        f"setparams=colorspace={matrix}:color_primaries={primaries}:color_trc={transfer}",
        "zscale=transfer=linear:npl=100",
        "format=gbrpf32le",
        "zscale=primaries=bt709",
        *(["tonemap=hable:desat=0"] if colours.is_hdr else []),
        "zscale=transfer=bt709:matrix=bt709:range=tv",
    ]


def input_matrix(colours: Colours, lines: int) -> str:
    """The option `in_color_matrix` of ffmpeg's filter `scale` after `standard_range`, for a video of so many lines."""
    if standard_range(colours):
        return "bt709"
    if colours.matrix == _UNKNOWN:
        return "bt709" if lines >= _HD_LINES else "bt601"
    return "auto"
