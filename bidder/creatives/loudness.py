"""Programme loudness (ITU-R BS.1770, EBU R 128), measured by ffmpeg's filter `ebur128`, and the target of a market."""

import re
from dataclasses import dataclass
from enum import Enum

_INTEGRATED = re.compile(r"I:\s+(-?[\d.]+|-inf|nan) LUFS")
_PEAK = re.compile(r"Peak:\s+(-?[\d.]+|-inf) dBFS")
_SILENCE_LUFS = -70.0
"""The absolute gate of BS.1770: quieter sound is not measured."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """Integrated loudness in LUFS (the same as LKFS), and true peak in dBFS."""

    integrated: float
    peak: float


class LoudnessTarget(Enum):
    """The loudness that the broadcasters of a market require, in LUFS."""

    ATSC_A85 = -24.0
    EBU_R128 = -23.0

    @property
    def peak_amplitude(self) -> float:
        """-1 dBFS as a share of full scale. The limit is below full scale, since the encoder can raise peaks."""
        return float(10 ** (-1 / 20))

    def gain(self, loudness: Loudness) -> float:
        """The gain in dB that brings a programme to the target; at most 20 dB, which would raise noise to speech."""
        return min(20.0, self.value - loudness.integrated)


def parse_loudness(text: str) -> Loudness | None:
    """The loudness in the summary that `ebur128` prints last, or None for silence."""
    summary = text.rpartition("Integrated loudness:")[2]
    integrated, peak = _INTEGRATED.search(summary), _PEAK.search(summary)
    if not integrated or integrated[1] in {"-inf", "nan"} or float(integrated[1]) <= _SILENCE_LUFS:
        return None
    return Loudness(float(integrated[1]), float(peak[1]) if peak and peak[1] != "-inf" else 0.0)
